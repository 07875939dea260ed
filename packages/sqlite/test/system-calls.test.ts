import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'
import { sqliteStore } from '../src/index.ts'
import { BetterSqlite3, drivers } from './drivers.ts'
import { filesAfterCut } from './power-cut.ts'
import { recordSystemCalls, type SystemCall } from './system-calls.ts'
import { temporaryFolder } from './temporary.ts'

const program = fileURLToPath(new URL('fixtures/awaited-writes.mjs', import.meta.url))
const tick = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}`, index]))

/** Each awaited step of the program, and the sessions that it leaves. */
const steps = [
  { step: 'first patch', sessions: [{ a: 0 }, {}, {}] },
  { step: 'patch', sessions: [{ a: 0 }, { a: 1 }, {}] },
  { step: 'synchronous patch', sessions: [{ a: 0 }, { a: 1 }, { a: 2 }] },
  { step: 'patches of a tick', sessions: [{ a: 0, ...tick }, { a: 1 }, { a: 2 }] },
  { step: 'update', sessions: [{ a: 1, ...tick }, { a: 1 }, { a: 2 }] },
  { step: 'clear', sessions: [{ a: 1, ...tick }, {}, { a: 2 }] },
]

beforeAll(() => installedProgram('strace'), 300_000)

describe.each(drivers)('with $name, before an awaited call resolves', ({ name }) => {
  test('the log has been written and then synced, once; a new file and its folder, a backup and its folder have been synced', async () => {
    const folder = temporaryFolder()
    const [file, copy] = ['a.db', 'copy.db'].map((each) => join(folder, each))
    const calls = await recordSystemCalls(folder, [[program, `${file}`, name, `${copy}`]])

    const orders = steps.map(({ step }) => orderBefore(step, calls))
    expect(orders.slice(1)).toEqual(steps.slice(1).map(() => ['write a.db-wal', 'sync a.db-wal']))
    const [first = []] = orders
    expect(first.at(-1)).toBe('sync a.db-wal')
    for (const created of ['create a.db', 'create a.db-wal']) {
      expect(first.lastIndexOf('sync folder')).toBeGreaterThan(first.indexOf(created))
    }
    const backup = orderBefore('backup', calls)
    const ends = ['write copy.db', 'sync copy.db', 'sync folder'].map((each) => backup.lastIndexOf(each))
    expect(ends).toEqual([...ends].sort((one, other) => one - other))
    expect(ends).not.toContain(-1)
  })

  test('its effects and a backup are on the disk, even if everything unsynced is lost', async () => {
    const folder = temporaryFolder()
    const [file, copy] = ['a.db', 'copy.db'].map((each) => join(folder, each))
    const calls = await recordSystemCalls(folder, [[program, `${file}`, name, `${copy}`]])
    for (const { step, sessions } of steps) {
      expect(sessionsAfterCut(calls.slice(0, endOf(step, calls)), 'a.db')).toEqual(sessions)
    }
    const last = steps.at(-1)?.sessions
    const untilBackup = calls.slice(0, endOf('backup', calls))
    expect(sessionsAfterCut(untilBackup, 'copy.db')).toEqual(last)
    expect(sessionsAfterCut(untilBackup, 'a.db')).toEqual(last)
  })
})

/** The position in the calls at which the program reports the end of the step. */
function endOf(step: string, calls: readonly SystemCall[]): number {
  const end = calls.findIndex((call) => call.call === 'print' && call.text === `${step}\n`)
  expect(end).toBeGreaterThan(-1)
  return end
}

/** The kinds of calls from the previous step to the end of this one, in order; repeated ones count once. */
function orderBefore(step: string, calls: readonly SystemCall[]): string[] {
  const until = calls.slice(0, endOf(step, calls))
  const kinds = until.slice(until.findLastIndex(({ call }) => call === 'print') + 1).map((call) => {
    return 'path' in call ? `${call.call} ${basename(call.path)}` : call.call
  })
  // The file of the shared memory need not be on the disk.
  const durable = kinds.filter((kind) => !kind.endsWith('-shm'))
  return durable.filter((kind, index) => kind !== durable[index - 1])
}

/** The three sessions of a file after a power cut that loses everything unsynced. */
function sessionsAfterCut(calls: readonly SystemCall[], file: string): unknown[] {
  const folder = join(temporaryFolder(), 'disk')
  mkdirSync(folder)
  for (const [name, content] of filesAfterCut(calls, { random: Math.random, kept: 0 })) {
    writeFileSync(join(folder, name), content)
  }
  const database = new BetterSqlite3(join(folder, file))
  const { sync } = sqliteStore({ database })
  const namespace = sync.account('1').namespace('orders')
  const sessions = ['0', '1', '2'].map((id) => namespace.session(id).getAll())
  database.close()
  return sessions
}
