import { createRequire } from 'node:module'
import { isAbsolute } from 'node:path'
import { StoreUnavailableError } from '@context-store/core'
import { keepObjects } from './kept-objects.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'

/** Opens a file and creates it if missing: `Database` of better-sqlite3, or `DatabaseSync`. */
type DatabaseClass = new (path: string) => SqliteDatabase

/** A driver that has been loaded. */
export interface Driver {
  readonly Database: DatabaseClass
  /** What another thread must require to load the same driver. */
  readonly name: string
}

let loaded: Driver | undefined

/**
 * The driver for files: better-sqlite3, or else `node:sqlite`. It does not change for the life of the process: if two
 * SQLite libraries have one file open, each releases the other's file locks (sqlite.org/howtocorrupt.html, 2.2.1).
 *
 * @throws `StoreUnavailableError` if neither can be loaded, with the reason for better-sqlite3
 */
export function loadDriver(): Driver {
  loaded ??= firstDriver()
  return loaded
}

/** The driver of a caller's database; `undefined` for another driver, or another copy of one. */
export function driverOf(database: SqliteDatabase): Driver | undefined {
  try {
    // Only better-sqlite3 has pragma(): node:sqlite warns when it is loaded.
    const driver = 'pragma' in database ? loadDriver() : nodeDriver()
    return driver !== undefined && database instanceof driver.Database ? driver : undefined
  } catch {
    return undefined
  }
}

function firstDriver(): Driver {
  try {
    const driver = betterSqlite3()
    // Loads the compiled part, which requiring the package does not.
    keepObjects(new driver.Database(':memory:')).close()
    return driver
  } catch (cause) {
    const driver = nodeDriver()
    if (driver !== undefined) return driver
    throw new StoreUnavailableError(
      `${reasonOf(cause)}. Or use Node 22.13 or newer, which has node:sqlite built in`,
      { cause },
    )
  }
}

/** `node:sqlite`, if this runtime has it without a flag: Node from 22.13 on. */
function nodeDriver(): Driver | undefined {
  const name = 'node:sqlite'
  const found = process.getBuiltinModule?.(name) as { readonly DatabaseSync: DatabaseClass } | undefined
  return found && { Database: found.DatabaseSync, name }
}

/**
 * In a bundle, `import.meta.url` may be missing (CommonJS) or be a path of the machine that built it; then `__filename`
 * or the main script leads to the right node_modules.
 */
function betterSqlite3(): Driver {
  const bases = [import.meta.url, typeof __filename === 'string' ? __filename : undefined, process.argv[1]]
  let missing: unknown
  for (const base of bases) {
    if (base === undefined || !(base.startsWith('file:') || isAbsolute(base))) continue
    try {
      const require = createRequire(base)
      const Database: DatabaseClass = require('better-sqlite3')
      return { Database, name: require.resolve('better-sqlite3') }
    } catch (error) {
      if (!isMissing(error)) throw error
      missing = error
    }
  }
  throw missing
}

function isMissing(error: unknown): boolean {
  const text = messageOf(error)
  return /cannot find (module|package) '?better-sqlite3/i.test(text)
}

/** Why better-sqlite3 cannot be loaded, and what to do. */
function reasonOf(error: unknown): string {
  const text = messageOf(error)
  if (error === undefined || isMissing(error)) {
    return 'better-sqlite3 is not installed: run `npm install better-sqlite3`'
  }
  if (text.includes('bindings file')) {
    return (
      'better-sqlite3 is installed but not compiled, usually because the package manager did not run its install script: ' +
      'allow the script (npm: `allowScripts` in package.json; pnpm: `pnpm approve-builds`; Yarn: ' +
      '`"dependenciesMeta": {"better-sqlite3": {"built": true}}` in package.json; Deno: ' +
      '`deno install --allow-scripts=npm:better-sqlite3`), then run `npm rebuild better-sqlite3`, ' +
      '`pnpm rebuild better-sqlite3` or `yarn install`'
    )
  }
  if (text.includes('NODE_MODULE_VERSION')) {
    return 'better-sqlite3 was compiled for another version of Node: run `npm rebuild better-sqlite3`'
  }
  return 'better-sqlite3 cannot be loaded: see the cause'
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : ''
}
