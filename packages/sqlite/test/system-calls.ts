import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { installedProgram } from '../../../test/installed-program.ts'
import { temporaryFolder } from './temporary.ts'

/** A system call on a file or the folder, or a line that a program printed; ordered by when they ended. */
export type SystemCall =
  | { readonly call: 'create' | 'remove' | 'sync'; readonly path: string }
  | { readonly call: 'sync folder' }
  | { readonly call: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly call: 'truncate'; readonly path: string; readonly length: number }
  | { readonly call: 'print'; readonly text: string }

/** All calls that change files. A call in the folder that is not expected here throws. */
const traced = (
  'open openat openat2 creat write writev pwrite64 pwritev pwritev2 fsync fdatasync sync syncfs sync_file_range ' +
  'truncate ftruncate fallocate unlink unlinkat rename renameat renameat2 link linkat mkdir mkdirat sendfile splice ' +
  'copy_file_range'
).split(' ')

/**
 * Runs Node programs at the same time, each with its arguments, and records their system calls in `folder` with strace, on
 * Linux.
 */
export async function recordSystemCalls(
  folder: string,
  programs: readonly (readonly string[])[],
  environment: NodeJS.ProcessEnv = {},
): Promise<SystemCall[]> {
  const trace = join(temporaryFolder(), 'trace')
  // The question mark, because not every kernel has each call.
  const calls = traced.map((name) => `?${name}`).join()
  const options = ['-fyxx', '-s10000000', '-esignal=none', `-etrace=${calls}`, `-o${trace}`]
  const commands = programs.map((words) => [process.execPath, ...words].map((word) => `'${word}'`).join(' '))
  const starts = commands.map((command) => `${command} & ids="$ids $!"`)
  // Without a process id, `wait` succeeds even if one failed.
  const shell = [...starts, 'for id in $ids; do wait $id || exit; done'].join('\n')
  const strace = await installedProgram('strace')
  await promisify(execFile)(strace, [...options, 'sh', '-c', shell], {
    env: { ...process.env, ...environment },
  })
  return completed(readFileSync(trace, 'latin1')).flatMap((line) => parsed(line, folder) ?? [])
}

/** The lines of a trace; the two halves of an interrupted call become one, at the place of the second. */
function completed(trace: string): string[] {
  const begun = new Map<string, string>()
  const lines: string[] = []
  for (const line of trace.split('\n')) {
    const end = line.indexOf(' ')
    const [process, text] = [line.slice(0, end), line.slice(end).trimStart()]
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text)
    if (text.endsWith(' <unfinished ...>')) begun.set(process, text.slice(0, -' <unfinished ...>'.length))
    else if (resumed === null) lines.push(text)
    else lines.push(`${begun.get(process)}${text.slice(resumed[0].length)}`)
  }
  return lines
}

/** A call that succeeded and is about the folder, or a printed text. */
function parsed(line: string, folder: string): SystemCall | undefined {
  const [, name = '', words = '', result = ''] = /^(\w+)\((.*)\)\s+= (\d+.*)$/.exec(line) ?? []
  const [first = '', second = '', third = '', fourth = ''] = words.split(', ')
  if (name === 'write' && first.startsWith('1<')) return { call: 'print', text: bytes(second).toString() }
  const path = pathOf(name.startsWith('open') ? result : first)
  if (path !== folder && dirname(path) !== folder) return undefined
  switch (name) {
    case 'openat':
    case 'open':
      if (words.includes('O_TRUNC') && !words.includes('O_EXCL')) break
      return words.includes('O_CREAT') ? { call: 'create', path } : undefined
    case 'unlink':
      return { call: 'remove', path }
    case 'fsync':
    case 'fdatasync':
      return path === folder ? { call: 'sync folder' } : { call: 'sync', path }
    case 'ftruncate':
      return { call: 'truncate', path, length: Number(second) }
    case 'pwrite64': {
      const data = bytes(second)
      if (data.length === Number(third) && data.length === Number(result)) {
        return { call: 'write', path, offset: Number(fourth), data }
      }
    }
  }
  throw new Error(`an unforeseen system call: ${line.slice(0, 300)}`)
}

/** What `3<path>` or `"path"` names. */
function pathOf(word: string): string {
  return bytes(/[<"]([^>"]*)[>"]/.exec(word)?.[1] ?? '').toString()
}

/** strace writes each byte as \xff. */
function bytes(word: string): Buffer {
  return Buffer.from(word.replace(/\\x|"/g, ''), 'hex')
}
