import { open, rm } from 'node:fs/promises'
import { ContextStoreError, InvalidOptionError, StoreUnavailableError } from '@context-store/core'
import type { SqliteConnection } from './sqlite-connection.ts'
import { storeError } from './sqlite-errors.ts'

/** Copies the database into a new file, which is on the disk when the promise resolves. */
export async function backUp(connection: SqliteConnection, path: string): Promise<void> {
  await claim(path)
  try {
    connection.copyInto(path)
    const file = await open(path, 'r+')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(path, { force: true })
    throw ContextStoreError.is(error) ? error : storeError(error, 'read')
  }
}

/** Creates the file, so that of two backups to one path only one goes on. */
async function claim(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx')
    await file.close()
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EEXIST') {
      throw new InvalidOptionError('path: the file exists already; it has been left as it is', { cause })
    }
    throw new StoreUnavailableError('the file for the backup cannot be created: see the cause', { cause })
  }
}
