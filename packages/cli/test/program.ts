import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach } from 'vitest'

/** The program, compiled. */
export const main: string = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The program in a folder of each test's own; nothing that it starts outlives the test. */
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

  /** Runs a command to its end, with something to read. */
  async function fed(input: string | Buffer, ...args: string[]) {
    const { child, out, err, ended } = start(args)
    // One that ends before it has read all is none of ours.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    const [code] = await ended
    return { code, out: out(), err: err() }
  }

  /** Runs a command to its end. */
  const command = (...args: string[]) => fed('', ...args)

  /** A path in the folder. */
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
