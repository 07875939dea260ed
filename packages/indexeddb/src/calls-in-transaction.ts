import type { CheckedAddress, StoredSession } from '@context-store/core/adapter'
import type { NamespaceRow, SessionRow } from './database.ts'
import { answerOf } from './requests.ts'

/** A namespace, in the state after the calls so far. */
export interface Owner {
  readonly account: string
  readonly name: string
  /** Its row; `undefined` if there is none. */
  row: NamespaceRow | undefined
}

/** A session, in the state after the calls so far. */
export interface Target {
  readonly id: string
  readonly owner: Owner
  /** The stored session; `undefined` if there is none. */
  session: StoredSession | undefined
}

/** A hint: the namespace id that a handle last found, which is compared with the current one. */
class NamespaceHint {
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

/**
 * The calls that share a transaction. They start together, so that their reads are sent together, because each answer is
 * a round trip to the browser process. What they need is read once, and they decide in their order.
 */
export class CallsInTransaction {
  readonly transaction: IDBTransaction
  #owners = new Map<string, Promise<Owner>>()
  #targets = new Map<string, Promise<Target>>()
  /** Resolves when the calls so far have made their changes. */
  #made: Promise<void> = Promise.resolve()
  /** What reads wait for: a call that is not limited to sessions that it names. */
  #barrier: Promise<void> | undefined

  constructor(transaction: IDBTransaction) {
    this.transaction = transaction
  }

  /**
   * Makes a call on some sessions.
   *
   * @param make - receives them in the state after the earlier calls, and awaits only requests of this transaction
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

  /** Makes a call that may change or read anything, while no other call runs. */
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
    // Callers that await it handle the error.
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

/** The stored session. If another program wrote the row, its document is invalid, which reads report. */
export function storedSession(row: SessionRow): StoredSession {
  const { document, createdAt, ttlSeconds, ownTtl, expiresAt } = row
  return { document: `${document}`, life: { createdAt, ttlSeconds, ownTtl, expiresAt } }
}
