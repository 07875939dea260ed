import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InvalidOptionError, StoreUnavailableError } from '@context-store/core'
import { driverOf, loadDriver } from './load-driver.ts'
import type { SqliteConnection } from './sqlite-connection.ts'
import { vacuumInWorker } from './vacuum-in-worker.ts'

/** Copies the database into a new file, which is on the disk when the promise resolves. */
export async function backUp(connection: SqliteConnection, path: string): Promise<void> {
  // Stays open until the end: closing a file releases the locks that SQLite holds on it in the same process.
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

/** Creates the file, and fails if it exists, so that of two backups to one path only one continues. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx')
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EEXIST') {
      throw new InvalidOptionError(
        'path: the file exists already, and has been left as it is: choose another name',
        { cause },
      )
    }
    throw new StoreUnavailableError('the backup file cannot be created: see the cause', { cause })
  }
}

/** Copies in a worker thread if possible, otherwise in this one, which blocks the event loop. */
async function copy(connection: SqliteConnection, path: string): Promise<void> {
  const { database } = connection
  // Fails if the caller has a transaction open: a backup does not wait for it to end.
  database.exec('BEGIN; ROLLBACK')
  const origin = originOf(connection)
  if (origin !== undefined && (await vacuumInWorker(origin.driver, origin.file, path))) return
  connection.database.prepare('VACUUM INTO ?').run(path)
}

/** What a second connection to the database needs; `undefined` if none is possible, or if it would block writers. */
function originOf({ source, database }: SqliteConnection): { driver: string; file: string } | undefined {
  const driver = 'path' in source ? loadDriver() : driverOf(source.database)
  if (driver === undefined) return undefined
  const [main] = database.prepare('PRAGMA database_list').all() as { readonly file: string | null }[]
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode').get() as {
    readonly journal_mode: string
  }
  return main?.file && mode === 'wal' ? { driver: driver.name, file: main.file } : undefined
}

/** Syncs a folder: only then a new file in it survives a power cut. Windows cannot do this, and need not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
