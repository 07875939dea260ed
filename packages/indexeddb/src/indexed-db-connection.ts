import { StoreClosedError, StoreUnavailableError } from '@context-store/core'
import type { Transactions } from '@context-store/core/adapter'
import { CallsInTransaction } from './calls-in-transaction.ts'
import { checkLayout, createLayout, foreignDatabase, layoutVersion, objectStores } from './database.ts'
import { nameOf } from './indexed-db-errors.ts'

/** How long opening may take: while another page blocks a deletion, there is no event at all. */
const openMilliseconds = 10_000

interface Running {
  readonly calls: CallsInTransaction
  /** Resolves when it is committed, rejects when it is aborted. */
  readonly ended: Promise<void>
}

/**
 * The database behind a store, opened at the first call. If it was lost, could not be opened, or was closed because
 * another page deletes or upgrades it, the next call opens it again.
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

  /** The calls in the transaction that core has begun; `undefined` if there is none. */
  get current(): CallsInTransaction | undefined {
    return this.#running?.calls
  }

  /** A separate transaction for a call that reads. */
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
    // Handled by commit() or rollback(), which may be called after the event.
    ended.catch(() => undefined)
    this.#running = { calls: new CallsInTransaction(transaction), ended }
  }

  /** Resolves when everything is written. Exceeding the quota is only reported here. */
  async commit(): Promise<void> {
    const { calls, ended } = this.#ending()
    try {
      calls.transaction.commit()
    } catch {
      // A failure has aborted the transaction; `ended` rejects with it.
    }
    await ended
  }

  async rollback(): Promise<void> {
    const { calls, ended } = this.#ending()
    try {
      calls.transaction.abort()
    } catch {
      // A failure has already aborted the transaction.
    }
    await ended.catch(() => undefined)
  }

  /** A microtask, because timers are throttled in background pages. Calls made meanwhile share the next transaction. */
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
      // The connection was lost without an event.
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
    // Another page wants to delete or upgrade the database, and waits until all connections are closed.
    database.onversionchange = () => {
      if (opened !== undefined) this.#forget(opened)
      database.close()
    }
    // The browser closed the connection: the user cleared site data, or the disk failed.
    database.onclose = () => {
      if (opened !== undefined) this.#forget(opened)
    }
    return database
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const { indexedDB } = globalThis
  if (indexedDB === undefined) {
    throw new StoreUnavailableError(
      'there is no IndexedDB here: use this store in pages and workers of a browser',
    )
  }
  const request = indexedDB.open(name, layoutVersion)
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(
        new StoreUnavailableError(
          `the database did not open within ${openMilliseconds} ms: another page may be blocking its deletion`,
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
