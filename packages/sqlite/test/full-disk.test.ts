import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './temporary.ts'

const program = fileURLToPath(new URL('fixtures/fill-disk.mjs', import.meta.url))

/** Runs a command with a file system of 2 MB in a folder, which disappears when the command ends. */
function onSmallDisk(folder: string, command: readonly string[]): [string, ...string[]] {
  const mount = 'mount -t tmpfs -o size=2m none "$0" && exec "$@"'
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', mount, folder, ...command]
}

/** The ways to run out of space: a limit needs no permission, but a container may not allow root to mount a disk. */
const ways = [{ way: 'limit', title: 'at the limit of the file size' }]
if (mayMount()) ways.push({ way: 'disk', title: 'on a full disk' })

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'context-store-mount-'))
  const [command, ...words] = onSmallDisk(folder, ['true'])
  const { status } = spawnSync(command, words)
  rmSync(folder, { recursive: true })
  return status === 0
}

interface Attempt {
  readonly session: string
  readonly kilobytes: number
  readonly code: string
  readonly outcome?: string
  readonly side: string
}

interface Sizes {
  readonly [session: string]: number | 'halved'
}

interface Report {
  readonly full: { readonly attempts: readonly Attempt[]; readonly sessions: Sizes }
  readonly refused: readonly { readonly code: string; readonly outcome: string }[]
  readonly isCopyLeft: boolean
  readonly again: readonly string[]
  readonly after: { readonly sessions: Sizes; readonly inCopy: Sizes }
  readonly integrity_check: string
}

describe.each(ways)('$title', ({ way }) => {
  test('a write or backup is unavailable with the right outcome, is never applied in part, and works once there is room', async () => {
    const folder = temporaryFolder()
    const run = [process.execPath, program, folder, way]
    const [command = '', ...words] = way === 'disk' ? onSmallDisk(folder, run) : run
    const { stdout } = await promisify(execFile)(command, words)
    const { full, refused, isCopyLeft, again, after, integrity_check: integrity }: Report = JSON.parse(stdout)

    const failed = full.attempts.filter(({ code }) => code !== 'no error')
    expect(new Set(failed.map(({ side }) => side))).toEqual(new Set(['async', 'sync']))
    const expected: { [session: string]: number } = {}
    for (const { session, kilobytes, code, outcome } of full.attempts) {
      if (code !== 'no error') expect(code).toBe('unavailable')
      const mayBeThere = outcome === 'unknown' && session in full.sessions
      if (code === 'no error' || mayBeThere) expected[session] = kilobytes
    }
    expect(full.sessions).toEqual(expected)
    expect(refused).toEqual(Array(2).fill({ code: 'unavailable', outcome: 'not-applied' }))
    expect(isCopyLeft).toBe(false)
    if (way === 'disk') {
      // SQLite distinguishes a full disk from other failures: no outcome is unknown, and writes of the same tick that fit are made.
      expect(new Set(failed.map(({ outcome }) => outcome))).toEqual(new Set(['not-applied']))
      const ofTick = full.attempts.filter(({ session }) => session.startsWith('tick'))
      const inTick = Object.fromEntries(ofTick.map(({ session, code }) => [session, code]))
      expect(inTick).toEqual({ 'tick 0': 'no error', 'tick 1': 'unavailable', 'tick 2': 'no error' })
    }

    expect(new Set(again)).toEqual(new Set(['no error']))
    const all = Object.fromEntries(full.attempts.map(({ session, kilobytes }) => [session, kilobytes]))
    expect(after).toEqual({ sessions: all, inCopy: all })
    expect(integrity).toBe('ok')
  })
})
