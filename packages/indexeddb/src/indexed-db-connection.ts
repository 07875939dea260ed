import { StoreClosedError, StoreUnavailableError } from '@context-store/core'
import type { Transactions } from '@context-store/core/adapter'
import { CallsInTransaction } from './calls-in-transaction.ts'
import { checkLayout, createLayout, foreignDatabase, layoutVersion, objectStores } from './database.ts'
import { nameOf } from './indexed-db-errors.ts'

/** How long an open may wait: behind a deletion that another page blocks there is no event at all. */
const openMilliseconds = 10_000

interface Running {
  readonly calls: CallsInTransaction
  /** Resolves when it is committed, rejects when it is aborted. */
  readonly ended: Promise<void>
}

/**
 * The database behind a store: opened at the first call, and again at the next one where it was lost, could not be
 * opened, or was given up for another page that deletes or upgrades it.
 */
export class IndexedDbConnection implements Transactions {
  /** Their order is kept by {@link CallsInTransaction}. */
  readonly startsTogether = true
  readonly #name: string
  readonly #durability: 'strict' | 'relaxed'
  #database: Promise<IDBDatabase> | undefined
  #running: Running | undefined
  #isClosed = false

  constructor(name: string, durability: 'strict' | 'relaxed') {
    this.#name = name
    this.#durability = durability
  }

  /** The calls in the transaction that core has begun; `undefined`: there is none. */
  get current(): CallsInTransaction | undefined {
    return this.#running?.calls
  }

  /** A transaction of its own for a call that reads. */
  async reading(): Promise<CallsInTransaction> {
    return new CallsInTransaction(await this.#transaction('readonly'))
  }

  /** Begins a transaction that writes; those of other pages wait for it. */
  async begin(): Promise<void> {
    const transaction = await this.#transaction('readwrite', { durability: this.#durability })
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error ?? new DOMException('', 'AbortError'))
    })
    // Looked at by commit() or rollback(), which may come later than the event.
    ended.catch(() => undefined)
    this.#running = { calls: new CallsInTransaction(transaction), ended }
  }

  /** Resolves when all of it is written: what passes the quota fails here, and not before. */
  async commit(): Promise<void> {
    const { calls, ended } = this.#ending()
    try {
      calls.transaction.commit()
    } catch {
      // It has been aborted by what failed, which `ended` tells.
    }
    await ended
  }

  async rollback(): Promise<void> {
    const { calls, ended } = this.#ending()
    try {
      calls.transaction.abort()
    } catch {
      // It has been aborted by what failed.
    }
    await ended.catch(() => undefined)
  }

  /** A microtask: timers wait in pages that are not in view. Calls that come meanwhile share the next transaction. */
  afterTick(flush: () => void): void {
    queueMicrotask(flush)
  }

  /** Opens the database, if it is not open. */
  async open(): Promise<IDBDatabase> {
    if (this.#isClosed) throw new StoreClosedError()
    if (this.#database === undefined) {
      const opening = this.#openAnew()
      this.#database = opening
      opening.catch(() => this.#forget(opening))
    }
    return this.#database
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const database = await this.#database?.catch(() => undefined)
    database?.close()
  }

  async #transaction(mode: IDBTransactionMode, options?: IDBTransactionOptions): Promise<IDBTransaction> {
    const database = await this.open()
    try {
      return database.transaction(objectStores, mode, options)
    } catch (error) {
      // It was lost without an event.
      if (nameOf(error) !== 'InvalidStateError') throw error
      this.#database = undefined
      return (await this.open()).transaction(objectStores, mode, options)
    }
  }

  #ending(): Running {
    const running = this.#running
    if (running === undefined) throw new StoreUnavailableError('no transaction has begun')
    this.#running = undefined
    return running
  }

  #forget(lost: Promise<IDBDatabase>): void {
    if (this.#database === lost) this.#database = undefined
  }

  async #openAnew(): Promise<IDBDatabase> {
    const database = await openDatabase(this.#name)
    const opened = this.#database
    // Another page wants to delete or upgrade it, and waits until nobody holds it.
    database.onversionchange = () => {
      if (opened !== undefined) this.#forget(opened)
      database.close()
    }
    // The browser gave it up: cleared site data, an error of the disk.
    database.onclose = () => {
      if (opened !== undefined) this.#forget(opened)
    }
    return database
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const { indexedDB } = globalThis
  if (indexedDB === undefined) {
    throw new StoreUnavailableError('there is no IndexedDB here: it is in browsers, in pages and workers')
  }
  const request = indexedDB.open(name, layoutVersion)
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(
        new StoreUnavailableError(
          `the database did not open within ${openMilliseconds} ms: another page may hold up its deletion`,
        ),
      )
    }, openMilliseconds)
    request.onupgradeneeded = () => createLayout(request.result)
    request.onerror = () => {
      clearTimeout(timer)
      const { error } = request
      reject(nameOf(error) === 'VersionError' ? foreignDatabase(name, error) : error)
    }
    request.onsuccess = () => {
      clearTimeout(timer)
      const database = request.result
      try {
        checkLayout(database)
      } catch (error) {
        database.close()
        reject(error)
        return
      }
      if (isLate) database.close()
      else resolve(database)
    }
  })
}
