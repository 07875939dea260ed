import { createRequire } from 'node:module'
import type { SqliteDatabase, SqliteStatement } from '../src/index.ts'

/** A way to open a database, for tests that run with every driver. */
export interface Driver {
  readonly name: string
  open(path: string): SqliteDatabase
}

type Open = new (path: string, options?: { readonly readonly?: boolean }) => SqliteDatabase

const Native = createRequire(import.meta.url)('better-sqlite3') as Open
const kept: object[] = []

/** better-sqlite3, with its own options; its objects are kept: Node 24 aborts when they are freed (src/kept-objects.ts). */
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

interface NodeOptions {
  readonly returnArrays?: boolean
  readonly readBigInts?: boolean
}

const nodeSqlite = process.getBuiltinModule?.('node:sqlite') as
  | { readonly DatabaseSync: new (path: string, options?: NodeOptions) => SqliteDatabase }
  | undefined

/** The class of node:sqlite; `undefined` before Node 22.13, which needs a flag for it. */
export const DatabaseSync = nodeSqlite?.DatabaseSync

/** Every driver that this Node has. */
export const drivers: readonly Driver[] = [
  { name: 'better-sqlite3', open: (path) => new BetterSqlite3(path) },
  ...(DatabaseSync === undefined
    ? []
    : [{ name: 'node:sqlite', open: (path: string) => new DatabaseSync(path) }]),
]

/** The drivers' own classes, of which every database is an instance. */
export const driverClasses: readonly { readonly prototype: SqliteDatabase }[] = [
  Native,
  ...(DatabaseSync === undefined ? [] : [DatabaseSync]),
]
