import { type ContextStoreError, CorruptDataError, StoreUnavailableError } from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'

/** The primary result codes of SQLite that the store distinguishes (sqlite.org/rescode.html). */
const codes = {
  SQLITE_BUSY: 5,
  SQLITE_READONLY: 8,
  SQLITE_IOERR: 10,
  SQLITE_CORRUPT: 11,
  SQLITE_FULL: 13,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
} as const

const messages = new Map<number | undefined, string>([
  [codes.SQLITE_BUSY, 'another process held the database for longer than 5 seconds: try again'],
  [codes.SQLITE_READONLY, 'the database is read-only'],
  [codes.SQLITE_IOERR, 'the database file cannot be read or written'],
  [codes.SQLITE_FULL, 'the disk or the database is full'],
  [
    codes.SQLITE_CANTOPEN,
    'the database file cannot be opened: it must be a file that this process may read and write',
  ],
])

/**
 * A COMMIT that failed with one of these codes left nothing behind. After any other failure, such as a failed sync, it
 * is unknown what is on the disk.
 */
const refusals: readonly (number | undefined)[] = [
  codes.SQLITE_BUSY,
  codes.SQLITE_READONLY,
  codes.SQLITE_FULL,
]

/** The store's error for an error of the driver. Only a commit can fail and still have taken effect. */
export function storeError(cause: unknown, during: CallKind): ContextStoreError {
  const code = primaryCode(cause)
  if (code === codes.SQLITE_CORRUPT || code === codes.SQLITE_NOTADB) {
    return new CorruptDataError('the file is damaged or not a SQLite database; it has been left as it is', {
      cause,
    })
  }
  if (isWithinTransaction(cause)) {
    return new StoreUnavailableError(
      'a transaction is open on the database: commit it or roll it back first',
      {
        cause,
      },
    )
  }
  const outcome = during === 'commit' && !refusals.includes(code) ? 'unknown' : 'not-applied'
  return new StoreUnavailableError(messages.get(code) ?? 'SQLite failed: see the cause', { cause, outcome })
}

/** Whether a transaction was begun inside one of the caller's; SQLite has no code for that. */
function isWithinTransaction(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('message' in error)) return false
  return String(error.message).includes('within a transaction')
}

/** Whether a driver's error has this primary code. */
export function hasCode(error: unknown, name: keyof typeof codes): boolean {
  return primaryCode(error) === codes[name]
}

/**
 * better-sqlite3 gives `code: 'SQLITE_IOERR_FSYNC'`, node:sqlite `errcode: 1034`, whose low byte is the primary code.
 * The class is not checked: in a test runner with several realms, the driver's errors belong to another realm.
 */
function primaryCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  if (!('code' in error) || typeof error.code !== 'string') return undefined
  const name = error.code.split('_', 2).join('_')
  return Object.hasOwn(codes, name) ? codes[name as keyof typeof codes] : undefined
}
