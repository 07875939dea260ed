import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'
import { seededNumbers } from '../../conformance/src/seeded-numbers.ts'
import { sqliteStore } from '../src/index.ts'
import { filesAfterCut } from './power-cut.ts'
import { recordSystemCalls, type SystemCall } from './system-calls.ts'
import { temporaryFolder } from './temporary.ts'
import { inspectRounds, roundsWriter } from './written-rounds.ts'

const seed = Number(process.env.POWER_CUT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const cuts = Number(process.env.POWER_CUTS ?? 20)
const writers = ['a', 'b']
const lastRound = 40
const address = { account: '2', namespace: 'orders', session: '42' }

beforeAll(() => installedProgram('strace'), 300_000)

test.each(['full', 'relaxed'])(
  `${cuts} power cuts at durability %s (POWER_CUT_SEED=${seed}) leave only whole writes, and with full all that were awaited`,
  async (durability) => {
    const folder = temporaryFolder()
    const path = join(folder, 'a.db')
    const random = seededNumbers(seed)
    const calls = await recordSystemCalls(
      folder,
      writers.map((writer) => [roundsWriter, path, durability, '1', `${lastRound}`, writer]),
      { CHECKPOINT_PAGES: '50' },
    )
    const recorded = filesAfterCut(calls, { random, kept: 1 })
    expect(recorded.get('a.db')?.equals(readFileSync(path))).toBe(true)
    expect(recorded.has('a.db-wal')).toBe(existsSync(`${path}-wal`))
    const figures = { systemCalls: calls.length, cuts, acknowledged: 0, lost: 0 }
    for (let cut = 0; cut < cuts; cut++) {
      // Every fourth power cut happens while the file is created.
      const moments = cut % 4 === 0 ? 100 : calls.length + 1
      const before = calls.slice(0, Math.floor(random() * moments))
      const kept = [0, 0.5, 0.9, 1][Math.floor(random() * 4)] ?? 0
      const copy = join(temporaryFolder(), `${cut}`)
      mkdirSync(copy)
      for (const [name, content] of filesAfterCut(before, { random, kept })) {
        writeFileSync(join(copy, name), name.endsWith('-shm') ? garbage(random) : content)
      }
      inspectRounds(join(copy, 'a.db'), (rounds) => {
        for (const writer of writers) {
          const acknowledged = acknowledgedBy(writer, before)
          const last = rounds.endedAt(writer)
          if (durability === 'full') expect(last).toBeGreaterThanOrEqual(acknowledged)
          figures.acknowledged += acknowledged
          figures.lost += Math.max(0, acknowledged - last)
        }
      })
      const store = sqliteStore({ path: join(copy, 'a.db') })
      await store.session(address).patch({ cut })
      expect(await store.session(address).getAll()).toEqual({ cut })
      await store.close()
    }
    console.log(durability, figures)
  },
  600_000,
)

function acknowledgedBy(writer: string, calls: readonly SystemCall[]): number {
  let last = 0
  for (const call of calls) {
    if (call.call === 'print' && call.text.startsWith(`${writer} `))
      last = Number(call.text.slice(writer.length))
  }
  return last
}

/** The file of the shared memory, of which the disk may have any state. */
function garbage(random: () => number): Buffer {
  return Buffer.from(Array.from({ length: 32_768 }, () => Math.floor(random() * 256)))
}
