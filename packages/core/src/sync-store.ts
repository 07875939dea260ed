import { addressKey, checkAddress, checkId, checkName, checkNames } from './address.ts'
import type {
  Expected,
  ListOptions,
  NamespaceInfo,
  NamespaceOptions,
  Page,
  Patch,
  PatchIfResult,
  PatchOptions,
  Properties,
  SessionAddress,
  SessionInfo,
} from './api.ts'
import { defaultPageSize, pageOf, pageRequest } from './listing.ts'
import { checkTtl, patchRequest } from './patch-request.ts'
import { conflict, mostAttempts, secondRequest, updateStep } from './session-update.ts'
import type { AddressKey, PatchOutcome, PatchRequest, Slice, SyncStorageAdapter } from './storage-adapter.ts'
import { ReclaimPace, type StoreLife } from './store-life.ts'
import type { StoreRules } from './store-options.ts'
import type { SyncAccount, SyncContextStore, SyncNamespace, SyncSession } from './sync-api.ts'

/** The synchronous store: as the asynchronous one, without promises. */
export class SyncStore implements SyncContextStore {
  readonly adapter: SyncStorageAdapter
  readonly rules: StoreRules
  readonly life: StoreLife
  readonly #pace = new ReclaimPace()

  constructor(adapter: SyncStorageAdapter, rules: StoreRules, life: StoreLife) {
    this.adapter = adapter
    this.rules = rules
    this.life = life
  }

  account(id: string): SyncAccount {
    return new SyncAccountHandle(this, checkId('account', id, this.rules))
  }

  session<P extends object = Properties>(address: SessionAddress): SyncSession<P> {
    return new SyncSessionHandle<P>(this, checkAddress(address, this.rules))
  }

  accounts(): Iterable<string> {
    return this.iterate((from) => this.adapter.listAccounts(from, defaultPageSize, this.rules))
  }

  ready(): void {
    this.life.check()
    this.adapter.ready()
  }

  close(): void {
    if (this.life.closing !== undefined) return
    this.life.closing = Promise.resolve()
    this.adapter.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Writes, and now and then asks the adapter to reclaim. */
  patch(key: AddressKey, request: PatchRequest): PatchOutcome {
    const outcome = this.adapter.patch(key, request, this.rules)
    if (this.#pace.due()) this.#reclaim()
    return outcome
  }

  /** Writes on a condition, and once more where the engine's comparison is finer than JSON's. */
  patchIf(key: AddressKey, request: PatchRequest): PatchOutcome {
    let asked = request
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const outcome = this.patch(key, asked)
      const again = secondRequest(asked, outcome)
      if (again === undefined) return outcome
      asked = again
    }
    throw conflict(key)
  }

  /** Every item of a listing, a slice at a time. */
  *iterate<T>(slice: (from: string | undefined) => Slice<T>): Generator<T, void, undefined> {
    let from: string | undefined
    do {
      this.life.check()
      const { items, next } = slice(from)
      for (const item of items) {
        this.life.check()
        yield item
      }
      from = next
    } while (from !== undefined)
  }

  #reclaim(): void {
    try {
      this.adapter.reclaim(this.rules)
    } catch {
      // The write has happened, whatever becomes of this; an engine in trouble fails the next call.
    }
  }
}

class SyncAccountHandle implements SyncAccount {
  readonly id: string
  readonly #store: SyncStore

  constructor(store: SyncStore, id: string) {
    this.#store = store
    this.id = id
  }

  namespace<P extends object = Properties>(name: string): SyncNamespace<P> {
    return new SyncNamespaceHandle<P>(this.#store, this.id, checkId('namespace', name, this.#store.rules))
  }

  namespaces(): Iterable<NamespaceInfo> {
    const { adapter, rules } = this.#store
    return this.#store.iterate((from) => adapter.listNamespaces(this.id, from, defaultPageSize, rules))
  }
}

class SyncNamespaceHandle<P extends object> implements SyncNamespace<P> {
  readonly name: string
  readonly #store: SyncStore
  readonly #account: string

  constructor(store: SyncStore, account: string, name: string) {
    this.#store = store
    this.#account = account
    this.name = name
  }

  session(id?: string): SyncSession<P> {
    return new SyncSessionHandle<P>(this.#store, addressKey(this.#account, this.name, id, this.#store.rules))
  }

  create(options?: NamespaceOptions): void {
    const { adapter, life, rules } = this.#store
    life.check()
    adapter.createNamespace(this.#account, this.name, checkTtl(options?.ttlSeconds), rules)
  }

  delete(): void {
    const { adapter, life, rules } = this.#store
    life.check()
    adapter.deleteNamespace(this.#account, this.name, rules)
  }

  info(): NamespaceInfo | undefined {
    const { adapter, life, rules } = this.#store
    life.check()
    return adapter.namespaceInfo(this.#account, this.name, rules)
  }

  sessions(): Iterable<SessionInfo> {
    const { adapter, rules } = this.#store
    return this.#store.iterate((from) =>
      adapter.listSessions(this.#account, this.name, from, defaultPageSize, rules),
    )
  }

  listSessions(options?: ListOptions): Page<SessionInfo> {
    const { adapter, life, rules } = this.#store
    life.check()
    const listing = [this.#account, this.name]
    const { from, limit } = pageRequest(listing, options)
    return pageOf(listing, adapter.listSessions(this.#account, this.name, from, limit, rules))
  }
}

class SyncSessionHandle<P extends object> implements SyncSession<P> {
  readonly #store: SyncStore
  readonly #key: AddressKey

  constructor(store: SyncStore, key: AddressKey) {
    this.#store = store
    this.#key = key
  }

  get address(): Required<SessionAddress> {
    const { account, namespace, session } = this.#key
    return { account, namespace, session }
  }

  get<K extends keyof P & string>(name: K): P[K] | undefined {
    const { adapter, life, rules } = this.#store
    life.check()
    checkName(name, rules)
    return adapter.readProperty(this.#key, name, rules) as P[K] | undefined
  }

  getMany<K extends keyof P & string>(names: readonly K[]): Partial<Pick<P, K>> {
    const { adapter, life, rules } = this.#store
    life.check()
    return adapter.readProperties(this.#key, checkNames(names, rules), rules) as Partial<Pick<P, K>>
  }

  getAll(): Partial<P> {
    const { adapter, life, rules } = this.#store
    life.check()
    return adapter.readProperties(this.#key, undefined, rules) as Partial<P>
  }

  patch(properties: Patch<P>, options?: PatchOptions): void {
    const { life, rules } = this.#store
    life.check()
    this.#store.patch(this.#key, patchRequest(properties, undefined, options, rules))
  }

  patchIf(expected: Expected<P>, properties: Patch<P>, options?: PatchOptions): PatchIfResult<P> {
    const { life, rules } = this.#store
    life.check()
    const request = patchRequest(properties, expected ?? null, options, rules)
    const outcome = this.#store.patchIf(this.#key, request)
    return outcome === undefined ? { ok: true } : { ok: false, current: outcome as Partial<P> }
  }

  update<K extends keyof P & string>(
    names: readonly K[],
    change: (current: Partial<Pick<P, K>>) => Patch<P> | undefined,
    options?: PatchOptions,
  ): Partial<Pick<P, K>> {
    const { adapter, life, rules } = this.#store
    life.check()
    const wanted = checkNames(names, rules)
    const ask = change as (current: Properties) => object | undefined
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const current = adapter.readProperties(this.#key, wanted, rules)
      const step = updateStep(wanted, current, ask, options, rules)
      if (step === undefined) return adapter.readProperties(this.#key, wanted, rules) as Partial<Pick<P, K>>
      const outcome = this.#store.patchIf(this.#key, step.request)
      if (outcome === undefined) return step.result as Partial<Pick<P, K>>
    }
    throw conflict(this.#key)
  }

  delete(names: (keyof P & string) | readonly (keyof P & string)[]): void {
    const { adapter, life, rules } = this.#store
    life.check()
    const wanted = checkNames(typeof names === 'string' ? [names] : names, rules)
    adapter.deleteProperties(this.#key, wanted, rules)
  }

  clear(): void {
    const { adapter, life, rules } = this.#store
    life.check()
    adapter.clearSession(this.#key, rules)
  }

  info(): SessionInfo | undefined {
    const { adapter, life, rules } = this.#store
    life.check()
    return adapter.sessionInfo(this.#key, rules)
  }
}
