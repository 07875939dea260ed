import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InvalidOptionError, StoreUnavailableError } from '@context-store/core'
import { driverOf, loadDriver } from './load-driver.ts'
import type { SqliteConnection } from './sqlite-connection.ts'
import { vacuumInWorker } from './vacuum-in-worker.ts'

/** Copies the database into a new file, which is on the disk when the promise resolves. */
export async function backUp(connection: SqliteConnection, path: string): Promise<void> {
  // Open until the end: whoever closes a file releases the locks that SQLite holds on it in the same process.
  const file = await create(path)
  try {
    await copy(connection, path)
    await file.sync()
    await syncFolder(dirname(path))
    await file.close()
  } catch (error) {
    await file.close()
    await rm(path, { force: true })
    throw error
  }
}

/** Creates the file, so that only one of two backups to one path goes on. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx')
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EEXIST') {
      throw new InvalidOptionError('path: the file exists already; it has been left as it is', { cause })
    }
    throw new StoreUnavailableError('the file of the backup cannot be created: see the cause', { cause })
  }
}

/** Copies in another thread where that is possible, else in this one: the event loop is held up meanwhile. */
async function copy(connection: SqliteConnection, path: string): Promise<void> {
  const { database } = connection
  // Fails within a transaction of the caller's, whose end is not for a backup to wait for.
  database.exec('BEGIN; ROLLBACK')
  const origin = originOf(connection)
  if (origin !== undefined && (await vacuumInWorker(origin.driver, origin.file, path))) return
  connection.database.prepare('VACUUM INTO ?').run(path)
}

/** What another connection to the database needs; `undefined`: there can be none, or it would keep writers out. */
function originOf({ source, database }: SqliteConnection): { driver: string; file: string } | undefined {
  const driver = 'path' in source ? loadDriver() : driverOf(source.database)
  if (driver === undefined) return undefined
  const [main] = database.prepare('PRAGMA database_list').all() as { readonly file: string | null }[]
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode').get() as {
    readonly journal_mode: string
  }
  return main?.file && mode === 'wal' ? { driver: driver.name, file: main.file } : undefined
}

/** A new file survives a power cut once its folder has been synced; Windows cannot, and need not, do that. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
