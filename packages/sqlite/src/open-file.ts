import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreUnavailableError } from '@context-store/core'
import { loadDriver } from './load-driver.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'

/** Opens a file with the driver that can be loaded; creates it if missing. */
export function openFile(path: string): SqliteDatabase {
  const { Database } = loadDriver()
  try {
    return new Database(path)
  } catch (cause) {
    const folder = dirname(path)
    if (existsSync(folder)) throw cause
    throw new StoreUnavailableError(`the folder ${folder} does not exist: create it first`, { cause })
  }
}
