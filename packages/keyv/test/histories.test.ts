import { checkHistories } from '@context-store/conformance/histories'
import { expect, test } from 'vitest'

const open = new URL('fixtures/open-stores.mjs', import.meta.url)
const seed = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const calls = process.env.HISTORY_RUNS === undefined ? 1_500 : Number(process.env.HISTORY_RUNS) * 10_000

test(`the calls of three stores on one storage adapter are linearizable (HISTORY_SEED=${seed})`, async () => {
  const figures = await checkHistories({ open, processes: 0, threads: 1, calls, seed })
  expect(figures).toMatchObject({ answered: figures.calls })
}, 600_000)
