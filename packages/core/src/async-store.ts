import { addressKey, checkAddress, checkId, checkName, checkNames } from './address.ts'
import type {
  Account,
  ContextStore,
  Expected,
  ListOptions,
  Namespace,
  NamespaceInfo,
  NamespaceOptions,
  Page,
  Patch,
  PatchIfResult,
  PatchOptions,
  Properties,
  Session,
  SessionAddress,
  SessionInfo,
} from './api.ts'
import { defaultPageSize, pageOf, pageRequest } from './listing.ts'
import { checkTtl, patchRequest } from './patch-request.ts'
import { SessionTurns } from './session-turns.ts'
import { conflict, mostAttempts, secondRequest, updateStep } from './session-update.ts'
import type { AddressKey, PatchOutcome, PatchRequest, Slice, StorageAdapter } from './storage-adapter.ts'
import { ReclaimPace, type StoreLife } from './store-life.ts'
import type { StoreRules } from './store-options.ts'

// The one host function core needs; every runtime has it, and no lib of the compiler's is loaded for it.
declare function setTimeout(callback: () => void, milliseconds: number): unknown

/** The asynchronous store: what the words of the API mean, over the port. */
export class AsyncStore implements ContextStore {
  readonly adapter: StorageAdapter
  readonly rules: StoreRules
  readonly life: StoreLife
  readonly turns: SessionTurns = new SessionTurns()
  readonly #pace = new ReclaimPace()

  constructor(adapter: StorageAdapter, rules: StoreRules, life: StoreLife) {
    this.adapter = adapter
    this.rules = rules
    this.life = life
  }

  account(id: string): Account {
    return new AsyncAccount(this, checkId('account', id, this.rules))
  }

  session<P extends object = Properties>(address: SessionAddress): Session<P> {
    return new AsyncSession<P>(this, checkAddress(address, this.rules))
  }

  accounts(): AsyncIterable<string> {
    return this.iterate((from) => this.adapter.listAccounts(from, defaultPageSize, this.rules))
  }

  async ready(): Promise<void> {
    this.life.check()
    await this.adapter.ready()
  }

  close(): Promise<void> {
    this.life.closing ??= this.turns.ended().then(() => this.adapter.close())
    return this.life.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Starts a call in its session's turn. */
  start<T>(key: AddressKey, call: () => Promise<T>): Promise<T> {
    return promised(() => {
      this.life.check()
      return this.turns.start(key, call)
    })
  }

  /** Writes, and now and then asks the adapter to reclaim. */
  patch(key: AddressKey, request: PatchRequest): Promise<PatchOutcome> {
    const outcome = this.adapter.patch(key, request, this.rules)
    // The write is on its way, whatever becomes of this; an engine in trouble fails the next call.
    if (this.#pace.due()) this.adapter.reclaim(this.rules).catch(() => undefined)
    return outcome
  }

  /** Writes on a condition, and once more where the engine's comparison is finer than JSON's. */
  async patchIf(key: AddressKey, request: PatchRequest): Promise<PatchOutcome> {
    let asked = request
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const outcome = await this.patch(key, asked)
      const again = secondRequest(asked, outcome)
      if (again === undefined) return outcome
      asked = again
    }
    throw conflict(key)
  }

  /** Every item of a listing, a slice at a time. */
  async *iterate<T>(
    slice: (from: string | undefined) => Promise<Slice<T>>,
  ): AsyncGenerator<T, void, undefined> {
    let from: string | undefined
    do {
      this.life.check()
      const { items, next } = await slice(from)
      for (const item of items) {
        this.life.check()
        yield item
      }
      from = next
    } while (from !== undefined)
  }
}

class AsyncAccount implements Account {
  readonly id: string
  readonly #store: AsyncStore

  constructor(store: AsyncStore, id: string) {
    this.#store = store
    this.id = id
  }

  namespace<P extends object = Properties>(name: string): Namespace<P> {
    return new AsyncNamespace<P>(this.#store, this.id, checkId('namespace', name, this.#store.rules))
  }

  namespaces(): AsyncIterable<NamespaceInfo> {
    const { adapter, rules } = this.#store
    return this.#store.iterate((from) => adapter.listNamespaces(this.id, from, defaultPageSize, rules))
  }
}

class AsyncNamespace<P extends object> implements Namespace<P> {
  readonly name: string
  readonly #store: AsyncStore
  readonly #account: string

  constructor(store: AsyncStore, account: string, name: string) {
    this.#store = store
    this.#account = account
    this.name = name
  }

  session(id?: string): Session<P> {
    return new AsyncSession<P>(this.#store, addressKey(this.#account, this.name, id, this.#store.rules))
  }

  async create(options?: NamespaceOptions): Promise<void> {
    const { adapter, life, rules } = this.#store
    life.check()
    await adapter.createNamespace(this.#account, this.name, checkTtl(options?.ttlSeconds), rules)
  }

  async delete(): Promise<void> {
    const { adapter, life, rules } = this.#store
    life.check()
    await adapter.deleteNamespace(this.#account, this.name, rules)
  }

  async info(): Promise<NamespaceInfo | undefined> {
    const { adapter, life, rules } = this.#store
    life.check()
    return adapter.namespaceInfo(this.#account, this.name, rules)
  }

  sessions(): AsyncIterable<SessionInfo> {
    const { adapter, rules } = this.#store
    return this.#store.iterate((from) =>
      adapter.listSessions(this.#account, this.name, from, defaultPageSize, rules),
    )
  }

  async listSessions(options?: ListOptions): Promise<Page<SessionInfo>> {
    const { adapter, life, rules } = this.#store
    life.check()
    const listing = [this.#account, this.name]
    const { from, limit } = pageRequest(listing, options)
    return pageOf(listing, await adapter.listSessions(this.#account, this.name, from, limit, rules))
  }
}

class AsyncSession<P extends object> implements Session<P> {
  readonly #store: AsyncStore
  readonly #key: AddressKey

  constructor(store: AsyncStore, key: AddressKey) {
    this.#store = store
    this.#key = key
  }

  get address(): Required<SessionAddress> {
    const { account, namespace, session } = this.#key
    return { account, namespace, session }
  }

  get<K extends keyof P & string>(name: K): Promise<P[K] | undefined> {
    const { adapter, rules } = this.#store
    return this.#store.start(this.#key, () =>
      adapter.readProperty(this.#key, checkName(name, rules), rules),
    ) as Promise<P[K] | undefined>
  }

  getMany<K extends keyof P & string>(names: readonly K[]): Promise<Partial<Pick<P, K>>> {
    const { adapter, rules } = this.#store
    return promised(() => {
      // Now, whenever the call starts: the array is the caller's.
      const wanted = checkNames(names, rules)
      return this.#store.start(this.#key, () => adapter.readProperties(this.#key, wanted, rules))
    }) as Promise<Partial<Pick<P, K>>>
  }

  getAll(): Promise<Partial<P>> {
    const { adapter, rules } = this.#store
    return this.#store.start(this.#key, () => adapter.readProperties(this.#key, undefined, rules)) as Promise<
      Partial<P>
    >
  }

  patch(properties: Patch<P>, options?: PatchOptions): Promise<void> {
    return promised(() => {
      const request = patchRequest(properties, undefined, options, this.#store.rules)
      // Nothing can be told of a patch without a condition.
      return this.#store.start(this.#key, () => this.#store.patch(this.#key, request)) as Promise<undefined>
    })
  }

  async patchIf(
    expected: Expected<P>,
    properties: Patch<P>,
    options?: PatchOptions,
  ): Promise<PatchIfResult<P>> {
    const { life, rules, turns } = this.#store
    life.check()
    const request = patchRequest(properties, expected ?? null, options, rules)
    const outcome = await turns.start(this.#key, () => this.#store.patchIf(this.#key, request))
    return outcome === undefined ? { ok: true } : { ok: false, current: outcome as Partial<P> }
  }

  async update<K extends keyof P & string>(
    names: readonly K[],
    change: (current: Partial<Pick<P, K>>) => Patch<P> | undefined,
    options?: PatchOptions,
  ): Promise<Partial<Pick<P, K>>> {
    const { life, rules, turns } = this.#store
    life.check()
    const wanted = checkNames(names, rules)
    const stated = { ttlSeconds: checkTtl(options?.ttlSeconds) }
    return turns.hold(this.#key, () =>
      this.#update(wanted, change as (current: Properties) => object | undefined, stated),
    ) as Promise<Partial<Pick<P, K>>>
  }

  delete(names: (keyof P & string) | readonly (keyof P & string)[]): Promise<void> {
    const { adapter, rules } = this.#store
    return promised(() => {
      const wanted = checkNames(typeof names === 'string' ? [names] : names, rules)
      return this.#store.start(this.#key, () => adapter.deleteProperties(this.#key, wanted, rules))
    })
  }

  clear(): Promise<void> {
    const { adapter, rules } = this.#store
    return this.#store.start(this.#key, () => adapter.clearSession(this.#key, rules))
  }

  info(): Promise<SessionInfo | undefined> {
    const { adapter, rules } = this.#store
    return this.#store.start(this.#key, () => adapter.sessionInfo(this.#key, rules))
  }

  async #update(
    names: readonly string[],
    change: (current: Properties) => object | undefined,
    options: PatchOptions,
  ): Promise<Properties> {
    const { adapter, rules } = this.#store
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (attempt > 0) await jitter(attempt)
      const current = await adapter.readProperties(this.#key, names, rules)
      const step = updateStep(names, current, change, options, rules)
      if (step === undefined) return adapter.readProperties(this.#key, names, rules)
      const outcome = await this.#store.patchIf(this.#key, step.request)
      if (outcome === undefined) return step.result
    }
    throw conflict(this.#key)
  }
}

/**
 * What a call promises; what is wrong with it before that is a rejection too. No asynchronous function, whose
 * promise of a promise costs more than all that is checked.
 */
function promised<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Waits a random while that grows with the attempts, to 32 ms: other writers are to lose step with this one. */
function jitter(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(32, 2 ** attempt)))
}
