import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { polled } from './redis-servers/polling.ts'

const lock = join(tmpdir(), 'context-store-installs-packages')
const startPolicy = '/usr/sbin/policy-rc.d'
const found = new Map<string, Promise<string>>()

/**
 * Finds a program whose Debian package has the same name. If it is missing, root installs the package; for other users the
 * error says how to.
 */
export function installedProgram(name: string): Promise<string> {
  const known = found.get(name) ?? find(name)
  found.set(name, known)
  return known
}

async function find(name: string): Promise<string> {
  const path = onPath(name)
  if (path !== undefined) return path
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`${name} is not on the PATH: install it with sudo apt-get install ${name}`)
  }
  return polled(`${name} installed`, () => installed(name), 300_000)
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** Installs a program; returns `undefined` while another process is installing, because test files run in several processes. */
async function installed(name: string): Promise<string | undefined> {
  if (!takeLock()) return undefined
  try {
    return onPath(name) ?? (await install(name))
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function takeLock(): boolean {
  try {
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), `${process.pid}`)
    return true
  } catch {
    if (existsSync(join(lock, 'pid')) && !isRunning(Number(readFileSync(join(lock, 'pid'), 'utf8')))) {
      rmSync(lock, { recursive: true, force: true })
    }
    return false
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Debian starts services that it installs, unless this file forbids it: the tests must not leave a server on port 6379. */
async function install(name: string): Promise<string | undefined> {
  const hasPolicy = existsSync(startPolicy)
  if (!hasPolicy) writeFileSync(startPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const run = promisify(execFile)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update'], { env })
    await run('apt-get', ['install', '--yes', '--no-install-recommends', name], { env })
  } finally {
    if (!hasPolicy) rmSync(startPolicy)
  }
  return onPath(name)
}
