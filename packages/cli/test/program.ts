import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach } from 'vitest'

/** The program, compiled. */
export const main: string = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Runs the program in a new folder for each test, and kills what is still running at the end of the test. */
export function programs() {
  let folder = ''
  const children: ChildProcess[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'context-store-cli-'))
  })
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    await rm(folder, { recursive: true })
  })

  /** Starts a command. */
  function start(args: readonly string[], nodeArgs: readonly string[] = []) {
    const child = spawn(process.execPath, [...nodeArgs, main, ...args], { cwd: folder })
    children.push(child)
    return { child, out: heard(child.stdout), err: heard(child.stderr), ended: once(child, 'close') }
  }

  /** Runs a command to its end, with `input` on stdin. */
  async function fed(input: string | Buffer, ...args: string[]) {
    const { child, out, err, ended } = start(args)
    // A command may end before it has read all of its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const [code] = await ended
    return { code, out: out(), err: err() }
  }

  /** Runs a command to its end. */
  const command = (...args: string[]) => fed('', ...args)

  /** The path of a file in the test's folder. */
  const inFolder = (name: string): string => join(folder, name)

  return { command, fed, inFolder, start }
}

function heard(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  return () => text
}
