import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { polled } from './polling.ts'

const lock = join(tmpdir(), 'context-store-installs-redis-server')
const startPolicy = '/usr/sbin/policy-rc.d'
let found: Promise<string> | undefined

/** Where `redis-server` is; where it is missing, root installs Debian's, and anybody else is told how to. */
export function findRedisServer(): Promise<string> {
  found ??= (async () => {
    const path = onPath()
    if (path !== undefined) return path
    if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
      throw new Error('redis-server is not on the PATH: sudo apt-get install redis-server')
    }
    return polled('redis-server installed', installed, 300_000)
  })()
  return found
}

function onPath(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'redis-server')
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** Installs it, or gives `undefined` while another process does; test files run in several at once. */
async function installed(): Promise<string | undefined> {
  if (!takeLock()) return undefined
  try {
    return onPath() ?? (await install())
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

/** Debian starts a service that it installs, unless this file says no: nothing may listen on 6379 because of us. */
async function install(): Promise<string | undefined> {
  const hasPolicy = existsSync(startPolicy)
  if (!hasPolicy) writeFileSync(startPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const run = promisify(execFile)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update'], { env })
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'redis-server'], { env })
  } finally {
    if (!hasPolicy) rmSync(startPolicy)
  }
  return onPath()
}
