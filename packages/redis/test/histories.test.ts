import { checkHistories } from '@context-store/conformance/histories'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { freshPrefix } from './key-space.ts'

const open = new URL('fixtures/open-store.mjs', import.meta.url)
const longRuns = Number(process.env.HISTORY_RUNS ?? 0)
const seed = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const size = longRuns > 0 ? { calls: 10_000, kills: 20 } : { calls: 800, kills: 2 }
let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(() => server.stop())

for (let run = 0; run < Math.max(1, longRuns); run++) {
  test(`the calls of processes and threads on one node are linearizable (HISTORY_SEED=${seed + run})`, async () => {
    const data = { url: server.url, keyPrefix: freshPrefix() }
    const { calls } = size
    const figures = await checkHistories({ open, data, processes: 2, threads: 2, calls, seed: seed + run })
    console.log(figures)
    expect(figures).toMatchObject({ notApplied: 0, unknown: 0 })
  }, 600_000)

  test(`so they are if processes are killed in between (HISTORY_SEED=${seed + run})`, async () => {
    const data = { url: server.url, keyPrefix: freshPrefix() }
    const { calls, kills } = size
    const figures = await checkHistories({
      open,
      data,
      processes: 3,
      threads: 1,
      calls,
      kills,
      seed: seed + run,
    })
    console.log(figures)
    expect(figures.notApplied).toBe(0)
  }, 600_000)
}
