import type { CheckedAddress } from '@context-store/core/adapter'
import { CreationOrder } from './creation-order.ts'
import type { RecentUse } from './recent-use.ts'
import { AccountRecord, NamespaceRecord, SessionRecord } from './records.ts'

/** All records of a store: found by name, and listed in the order of creation. */
export class RecordTree {
  /** The accounts, in the order of their creation. */
  readonly order: CreationOrder<AccountRecord> = new CreationOrder()
  /** How many sessions will expire. */
  mortal = 0
  readonly #accounts = new Map<string, AccountRecord>()
  readonly #use: RecentUse | undefined
  #sequence = 0

  constructor(use: RecentUse | undefined) {
    this.#use = use
  }

  /** The account. */
  account(id: string): AccountRecord | undefined {
    return this.#accounts.get(id)
  }

  /** The namespace. */
  namespace(account: string, name: string): NamespaceRecord | undefined {
    return this.#accounts.get(account)?.namespaces.get(name)
  }

  /** Creates a namespace, and its account if it is the first. */
  addNamespace(account: string, name: string, createdAt: number): NamespaceRecord {
    let owner = this.#accounts.get(account)
    if (owner === undefined) {
      owner = new AccountRecord(account, this.#sequence++)
      this.#accounts.set(account, owner)
      this.order.add(owner)
    }
    const record = new NamespaceRecord(name, this.#sequence++, createdAt)
    owner.namespaces.set(name, record)
    owner.order.add(record)
    return record
  }

  /** Removes a namespace with its sessions, and its account if it was the last. */
  endNamespace(account: string, name: string): void {
    const owner = this.#accounts.get(account)
    const record = owner?.namespaces.get(name)
    if (owner === undefined || record === undefined) return
    for (const session of record.sessions.values()) this.#forget(session)
    owner.namespaces.delete(name)
    owner.order.remove(record)
    if (owner.namespaces.size > 0) return
    this.#accounts.delete(account)
    this.order.remove(owner)
  }

  /** The session, expired or not; from the handle's memo if that record is still in use. */
  session(address: CheckedAddress): SessionRecord | undefined {
    const { memo } = address
    if (memo instanceof SessionRecord && memo.alive) return memo
    const session = this.namespace(address.account, address.namespace)?.sessions.get(address.session)
    address.memo = session
    return session
  }

  /** Creates a session. */
  addSession(address: CheckedAddress, namespace: NamespaceRecord, createdAt: number): SessionRecord {
    const session = new SessionRecord(address.session, this.#sequence++, namespace, createdAt)
    namespace.sessions.set(session.id, session)
    namespace.order.add(session)
    address.memo = session
    return session
  }

  /** Adds a copy of a session from another tree; they share values, which are replaced and never modified. */
  addCopy(session: SessionRecord, namespace: NamespaceRecord): void {
    const { properties, empty, countBound, nested, lengthBound, life } = session
    const copy = new SessionRecord(session.id, this.#sequence++, namespace, session.createdAt)
    Object.assign(copy, { empty, countBound, nested, lengthBound, life })
    copy.properties = { ...properties }
    namespace.sessions.set(copy.id, copy)
    namespace.order.add(copy)
    if (life?.expiresAt !== undefined) this.mortal++
  }

  /** Removes a session. */
  endSession(session: SessionRecord): void {
    session.namespace.sessions.delete(session.id)
    session.namespace.order.remove(session)
    this.#forget(session)
  }

  /** Iterates over every session. It may pause for any time; sessions that are added or removed meanwhile may be missed. */
  *everySession(): Generator<SessionRecord, void, undefined> {
    for (const account of this.#accounts.values()) {
      for (const namespace of account.namespaces.values()) yield* namespace.sessions.values()
    }
  }

  /** Releases everything, including the values of records that handles still refer to. */
  clear(): void {
    for (const account of this.#accounts.values()) {
      for (const namespace of account.namespaces.values()) {
        for (const session of namespace.sessions.values()) session.clear()
        namespace.sessions.clear()
        namespace.order.clear()
      }
      account.namespaces.clear()
      account.order.clear()
    }
    this.#accounts.clear()
    this.order.clear()
    this.mortal = 0
  }

  #forget(session: SessionRecord): void {
    if (session.life?.expiresAt !== undefined) this.mortal--
    this.#use?.remove(session)
    // The creation order and handles keep the record itself for a while; its values must not be kept.
    session.clear()
  }
}
