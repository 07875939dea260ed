import { createRequire } from 'node:module'
import type { SqliteDatabase, SqliteStatement } from '../src/index.ts'

/** A way to open a database, for tests that hold on every driver. */
export interface Driver {
  readonly name: string
  open(path: string): SqliteDatabase
}

type Open = new (path: string, options?: { readonly readonly?: boolean }) => SqliteDatabase

const Native = createRequire(import.meta.url)('better-sqlite3') as Open
const kept: object[] = []

/** better-sqlite3, with its own options; never collected, which Node 24 does not survive (src/kept-objects.ts). */
export class BetterSqlite3 extends Native {
  constructor(path: string, options?: { readonly readonly?: boolean }) {
    super(path, options)
    kept.push(this)
  }

  override prepare(sql: string): SqliteStatement {
    const statement = super.prepare(sql)
    kept.push(statement)
    return statement
  }
}

/** The class of node:sqlite, where this Node has it without a flag: from 22.13 on. */
function databaseSync(): (new (path: string) => SqliteDatabase) | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 13)) return undefined
  const found: unknown = Reflect.apply(process.getBuiltinModule, process, ['node:sqlite'])
  return (found as { DatabaseSync: new (path: string) => SqliteDatabase }).DatabaseSync
}

const DatabaseSync = databaseSync()

/** Every driver that this Node has. */
export const drivers: readonly Driver[] = [
  { name: 'better-sqlite3', open: (path) => new BetterSqlite3(path) },
  ...(DatabaseSync === undefined
    ? []
    : [{ name: 'node:sqlite', open: (path: string) => new DatabaseSync(path) }]),
]
