import { join } from 'node:path'
import { checkHistories } from '@context-store/conformance/histories'
import { expect, test } from 'vitest'
import { temporaryFolder } from './temporary.ts'

const open = new URL('fixtures/open-store.mjs', import.meta.url)
const longRuns = Number(process.env.HISTORY_RUNS ?? 0)
const seed = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const size = longRuns > 0 ? { calls: 10_000, kills: 20 } : { calls: 800, kills: 2 }

for (let run = 0; run < Math.max(1, longRuns); run++) {
  test(`the calls of processes and threads on one file are linearizable (HISTORY_SEED=${seed + run})`, async () => {
    const data = { path: join(temporaryFolder(), 'shared.db') }
    const { calls } = size
    const figures = await checkHistories({
      open,
      data,
      processes: 2,
      threads: 2,
      calls,
      // Calls may fail: on a busy machine, a call can wait more than five seconds for SQLite's lock.
      during: async () => undefined,
      seed: seed + run,
    })
    console.log(figures)
    expect(figures.unknown).toBe(0)
  }, 600_000)

  test(`so they are if processes are killed in between (HISTORY_SEED=${seed + run})`, async () => {
    const data = { path: join(temporaryFolder(), 'killed.db') }
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
    expect(figures.answered).toBeGreaterThan(calls / 2)
  }, 600_000)
}
