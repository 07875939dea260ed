export type { SqliteDatabase, SqliteStatement, SqliteValue } from './sqlite-driver.ts'
export { type SqliteStore, type SqliteStoreOptions, sqliteStore } from './sqlite-store.ts'
