import { type AddressKey, isExpired, type StoreRules, timeOf } from '@context-store/core'
import { CreationOrder } from './creation-order.ts'
import type { RecentUse } from './recent-use.ts'
import { AccountRecord, NamespaceRecord, SessionRecord } from './records.ts'

/** Every record of a store: found by names, listed in the order of their creation, ended all at once. */
export class RecordTree {
  /** The accounts, in the order of their creation. */
  readonly order: CreationOrder<AccountRecord> = new CreationOrder()
  /** How many sessions end by themselves some day. */
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

  /** Begins a namespace, and its account where it is the first. */
  addNamespace(account: string, name: string, rules: StoreRules): NamespaceRecord {
    let owner = this.#accounts.get(account)
    if (owner === undefined) {
      owner = new AccountRecord(account, this.#sequence++)
      this.#accounts.set(account, owner)
      this.order.add(owner)
    }
    const record = new NamespaceRecord(name, this.#sequence++, timeOf(rules))
    owner.namespaces.set(name, record)
    owner.order.add(record)
    return record
  }

  /** Ends a namespace with its sessions, and its account where it was the last. */
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

  /** The session, through the handle's memo where that still holds; ends it where it has expired. */
  session(address: AddressKey, rules: StoreRules): SessionRecord | undefined {
    const { memo } = address
    let session: SessionRecord | undefined
    if (memo instanceof SessionRecord && memo.alive) {
      session = memo
    } else {
      session = this.namespace(address.account, address.namespace)?.sessions.get(address.session)
      address.memo = session
    }
    if (session?.life === undefined || !isExpired(session.life.expiresAt, timeOf(rules))) return session
    this.endSession(session)
    return undefined
  }

  /** Begins a session. */
  addSession(address: AddressKey, namespace: NamespaceRecord, rules: StoreRules): SessionRecord {
    const session = new SessionRecord(address.session, this.#sequence++, namespace, timeOf(rules))
    namespace.sessions.set(session.id, session)
    namespace.order.add(session)
    address.memo = session
    return session
  }

  /** Ends a session. */
  endSession(session: SessionRecord): void {
    session.namespace.sessions.delete(session.id)
    session.namespace.order.remove(session)
    this.#forget(session)
  }

  /** Every session, for as long as it takes: what changes meanwhile shows or does not. */
  *everySession(): Generator<SessionRecord, void, undefined> {
    for (const account of this.#accounts.values()) {
      for (const namespace of account.namespaces.values()) yield* namespace.sessions.values()
    }
  }

  /** Lets go of everything. */
  clear(): void {
    this.#accounts.clear()
  }

  #forget(session: SessionRecord): void {
    session.alive = false
    if (session.life?.expiresAt !== undefined) this.mortal--
    this.#use?.remove(session)
  }
}
