import { type ContextStoreError, type Properties, StoreUnavailableError } from '@context-store/core'
import {
  type CallKind,
  type CheckedAddress,
  GroupCommit,
  type ListedSession,
  type PatchRequest,
  type SessionListRequest,
  type Slice,
  type StorageAdapter,
  type StoredSession,
  type StoreRules,
  type WriteOutcome,
} from '@context-store/core/adapter'
import type { Scheduler } from 'fast-check'
import { MapAdapter } from './map-adapter.ts'

/** Plain: each call is atomic. Updating: an update is, too. Transactional: calls are grouped in a transaction. */
export const engines = ['plain', 'updating', 'transactional'] as const
export type Engine = (typeof engines)[number]

/**
 * What happens to a call. `late`: its answer comes some time after its effect; `refuse`: it fails without an effect;
 * `fail`: it fails after its effect; `throw`: it throws instead of returning a promise, without an effect.
 */
export type Fate = 'resolve' | 'late' | 'refuse' | 'fail' | 'throw'

/** How an engine behaves. */
export interface Behaviour {
  readonly engine: Engine
  readonly keepsOrder: boolean
  readonly timeoutMs: number | undefined
  /** The fates of its calls, in order, repeated. */
  readonly fates: readonly Fate[]
}

/** An engine where a scheduler decides when each call has its effect and its answer. */
export class ScheduledAdapter extends MapAdapter implements StorageAdapter {
  readonly keepsOrder: boolean
  readonly timeoutMs: number | undefined
  readonly transactions: GroupCommit | undefined
  readonly update?: NonNullable<StorageAdapter['update']>
  /** How many calls were pending when the engine was closed. */
  underWayAtClose: number | undefined
  readonly #scheduler: Scheduler
  readonly #fates: readonly Fate[]
  #underWay = 0
  /** The data as it was before the open transaction. */
  #before: MapAdapter['namespaces'] | undefined

  constructor(rules: StoreRules, scheduler: Scheduler, { engine, keepsOrder, timeoutMs, fates }: Behaviour) {
    super(rules)
    this.keepsOrder = keepsOrder
    this.timeoutMs = timeoutMs
    this.#scheduler = scheduler
    this.#fates = fates
    if (engine === 'transactional') this.transactions = this.#grouped()
    if (engine === 'updating') this.update = this.#updated
  }

  override call<T>(name: string, work: () => T): Promise<T> {
    const fate = this.#fates[this.calls.length % this.#fates.length] ?? 'resolve'
    if (name === 'close') this.underWayAtClose = this.#underWay
    this.calls.push(name)
    if (fate === 'throw') throw new Injected(name, 'not-applied')
    return this.#scheduled(name, fate, work)
  }

  /** Compares texts, as engines without JSON do: core retries if the members are in another order. */
  override patched(address: CheckedAddress, request: PatchRequest): WriteOutcome {
    const { expected } = request
    if (expected !== undefined) {
      const current = this.properties(address, expected.names)
      const differs = expected.names.some((name) => isOtherText(expected.values[name], current[name]))
      if (differs) return current
    }
    return super.patched(address, request)
  }

  /** A listing takes several calls. */
  override listSessions(
    account: string,
    name: string,
    request: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    return super.listSessions(account, name, { ...request, limit: 1 })
  }

  reclaim(): Promise<boolean> {
    return this.call('reclaim', () => true)
  }

  errorOf(cause: unknown, during: CallKind): ContextStoreError {
    const outcome = during !== 'read' && cause instanceof Injected ? cause.outcome : 'not-applied'
    return new StoreUnavailableError('the engine failed', { cause, outcome })
  }

  async #scheduled<T>(name: string, fate: Fate, work: () => T): Promise<T> {
    this.#underWay++
    try {
      // An engine that keeps the order of calls applies them in that order.
      if (!this.keepsOrder) await this.#event(name)
      if (fate === 'refuse') throw new Injected(name, 'not-applied')
      const answer = work()
      if (this.keepsOrder || fate === 'late') await this.#event(`the answer of ${name}`)
      if (fate === 'fail') throw new Injected(name, 'unknown')
      return answer
    } finally {
      this.#underWay--
    }
  }

  #event(name: string): Promise<unknown> {
    return this.#scheduler.schedule(Promise.resolve(), name)
  }

  readonly #updated = (
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): Promise<void> =>
    this.call(`update ${address.session}`, () => {
      const request = change(this.properties(address, names))
      if (request !== undefined) super.patched(address, request)
    })

  #grouped(): GroupCommit {
    return new GroupCommit({
      begin: () => {
        if (this.#before !== undefined) throw new Error('a transaction is open already')
        const begun = this.call('begin', () => {
          this.#before = copied(this.namespaces)
        })
        return begun.catch((error) => {
          this.#before = undefined
          throw error
        })
      },
      commit: () =>
        this.call('commit', () => {
          this.#before = undefined
        }),
      rollback: async () => {
        await this.#event('rollback')
        if (this.#before === undefined) return
        this.namespaces.clear()
        for (const [key, namespace] of this.#before) this.namespaces.set(key, namespace)
        this.#before = undefined
      },
      afterTick: (flush) => void this.#event('the end of a tick').then(flush),
    })
  }
}

/** An injected failure of one call of the engine; its `outcome` is what really happened. */
export class Injected extends Error {
  readonly call: string
  readonly outcome: 'unknown' | 'not-applied'

  constructor(call: string, outcome: 'unknown' | 'not-applied') {
    super(`${call} failed`)
    this.call = call
    this.outcome = outcome
  }
}

function isOtherText(expected: unknown, current: unknown): boolean {
  return typeof expected === 'object' && JSON.stringify(expected) !== JSON.stringify(current)
}

function copied(namespaces: MapAdapter['namespaces']): MapAdapter['namespaces'] {
  return new Map(
    [...namespaces].map(([key, { info, sessions }]) => [
      key,
      { info, sessions: new Map<string, StoredSession>(sessions) },
    ]),
  )
}
