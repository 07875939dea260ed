import type { CheckedAddress, StoredSession } from '@context-store/core/adapter'
import type { NamespaceRow, SessionRow } from './database.ts'
import { answerOf } from './requests.ts'

/** A namespace as the calls so far leave it. */
export interface Owner {
  readonly account: string
  readonly name: string
  /** Its row; `undefined`: there is none. */
  row: NamespaceRow | undefined
}

/** A session as the calls so far leave it. */
export interface Target {
  readonly id: string
  readonly owner: Owner
  /** What is stored; `undefined`: nothing. */
  session: StoredSession | undefined
}

/** The namespace id that a handle found: a hint, compared with the id that its names have now. */
class NamespaceHint {
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

/**
 * The calls that share a transaction. They are started together, so that their reads go out together: each answer takes
 * a way to the browser's process and back. What they decide on is read once, and decided in their order.
 */
export class CallsInTransaction {
  readonly transaction: IDBTransaction
  #owners = new Map<string, Promise<Owner>>()
  #targets = new Map<string, Promise<Target>>()
  /** Settles when the calls so far have made their changes. */
  #made: Promise<void> = Promise.resolve()
  /** What reads wait for: a call that changes or lists more than sessions that it names. */
  #barrier: Promise<void> | undefined

  constructor(transaction: IDBTransaction) {
    this.transaction = transaction
  }

  /**
   * Makes a call on some sessions.
   *
   * @param make - gets them as the earlier calls leave them, and awaits nothing but requests of this transaction
   */
  onSessions<T>(
    addresses: readonly CheckedAddress[],
    make: (targets: readonly Target[]) => T | Promise<T>,
  ): Promise<T> {
    const found = Promise.all(addresses.map((address) => this.#target(address)))
    return this.#inTurn(async (turn) => {
      const targets = await found
      await turn
      return make(targets)
    })
  }

  /** Makes a call that may change or read anything, by itself. */
  alone<T>(make: () => Promise<T>): Promise<T> {
    const made = this.#inTurn(async (turn) => {
      await turn
      return make()
    })
    this.#barrier = this.#made
    this.#owners = new Map()
    this.#targets = new Map()
    return made
  }

  async #inTurn<T>(make: (turn: Promise<void>) => Promise<T>): Promise<T> {
    const turn = this.#made
    let end = (): void => undefined
    this.#made = new Promise((resolve) => {
      end = resolve
    })
    try {
      return await make(turn)
    } finally {
      end()
    }
  }

  #target(address: CheckedAddress): Promise<Target> {
    const key = JSON.stringify([address.account, address.namespace, address.session])
    const known = this.#targets.get(key)
    if (known !== undefined) return known
    const found =
      this.#barrier === undefined ? this.#find(address) : this.#barrier.then(() => this.#find(address))
    this.#targets.set(key, found)
    // Whoever waits for it has the error.
    found.catch(() => undefined)
    return found
  }

  async #find(address: CheckedAddress): Promise<Target> {
    const { memo, session: id } = address
    const sessions = this.transaction.objectStore('sessions')
    const find = (namespace: number): Promise<SessionRow | undefined> =>
      answerOf(sessions.get([namespace, id]))
    const hinted = memo instanceof NamespaceHint ? find(memo.id) : undefined
    const [owner, likely] = await Promise.all([this.#owner(address), hinted])
    if (owner.row === undefined) return { id, owner, session: undefined }
    const isHinted = memo instanceof NamespaceHint && memo.id === owner.row.id
    const found = isHinted ? likely : await find(owner.row.id)
    if (!isHinted) address.memo = new NamespaceHint(owner.row.id)
    return { id, owner, session: found && storedSession(found) }
  }

  #owner({ account, namespace }: CheckedAddress): Promise<Owner> {
    const key = JSON.stringify([account, namespace])
    const known = this.#owners.get(key)
    if (known !== undefined) return known
    const found = findNamespace(this.transaction, account, namespace).then((row) => {
      return { account, name: namespace, row }
    })
    this.#owners.set(key, found)
    return found
  }
}

/** Finds a namespace. */
export function findNamespace(
  transaction: IDBTransaction,
  account: string,
  name: string,
): Promise<NamespaceRow | undefined> {
  return answerOf(transaction.objectStore('namespaces').get([account, name]))
}

/** What is stored of a session. What no store wrote is no document, which whoever reads it finds; it can be cleared. */
export function storedSession(row: SessionRow): StoredSession {
  const { document, createdAt, ttlSeconds, ownTtl, expiresAt } = row
  return { document: `${document}`, life: { createdAt, ttlSeconds, ownTtl, expiresAt } }
}
