import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { BetterSqlite3 } from './drivers.ts'

/** The program that writes rounds; its file describes the arguments. */
export const roundsWriter: string = fileURLToPath(new URL('fixtures/write-rounds.mjs', import.meta.url))

/** What a file holds after a crash. */
export interface WrittenRounds {
  /**
   * The last round of a writer that has ended, 0 if there is none. Everything that it wrote must be complete: the
   * asynchronous calls of a round share a transaction, and its synchronous call follows them.
   */
  endedAt(writer: string): number
  /** The last round of a writer, which may still be running. */
  lastOf(writer: string): number
}

/** Opens a file after a crash, and checks its integrity. */
export function inspectRounds(path: string, inspect: (rounds: WrittenRounds) => void): void {
  const database = new BetterSqlite3(path)
  const { sync } = sqliteStore({ database })
  sync.ready()
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  const namespace = sync.account('1').namespace('rounds')

  function lastOf(writer: string): number {
    return Number(namespace.session(`${writer} sync`).get('number') ?? 0)
  }

  function endedAt(writer: string): number {
    const numbers: { [session: string]: unknown } = { shared: namespace.session('shared').get(writer) ?? 0 }
    for (const { id } of namespace.sessions()) {
      if (!id.startsWith(`${writer} `)) continue
      const { number, times, text } = namespace.session(id).getAll()
      expect(text).toBe(`${number} `.repeat(Number(times)))
      numbers[id] = number
    }
    const { [`${writer} sync`]: lagging = 0, ...shared } = numbers
    const round = Number(shared.shared)
    const expected: { [session: string]: number } = { shared: round }
    if (round > 0) Object.assign(expected, { [`${writer} first`]: round, [`${writer} last`]: round })
    // Each round creates a session, and clears the one of ten rounds earlier.
    for (let each = Math.max(1, round - 9); each <= round; each++) expected[`${writer} ${each}`] = each
    expect(shared).toEqual(expected)
    expect([round, round - 1]).toContain(lagging)
    return Number(lagging)
  }

  inspect({ endedAt, lastOf })
  database.close()
}
