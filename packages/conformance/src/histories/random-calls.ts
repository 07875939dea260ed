import type { JsonValue, Properties } from '@context-store/core'
import type { Capability } from '@context-store/core/adapter'
import type { SessionCall, Stated, StatedProperties } from './session-call.ts'

/** The namespace and session of a call. */
export interface CallPlace {
  readonly namespace: string
  readonly session: string
}

/** A call with its namespace and session. */
export interface PlacedCall extends CallPlace {
  readonly call: SessionCall
}

const names = ['a', 'b', 'count'] as const

/** After this many calls a client moves on to other sessions, so that the previous ones can expire. */
const callsInRound = 100

/** After this many rounds a client moves on to another namespace: each deletion is part of every session's history. */
const roundsInNamespace = 4

/**
 * The random calls of one client. All clients use the same few sessions at about the same time, and occasionally one
 * that they used before.
 */
export class RandomCalls {
  readonly #random: () => number
  readonly #client: string
  readonly #can: (capability: Capability) => boolean
  /** What the client last saw of a session, so that some conditions hold. */
  readonly #seen = new Map<string, Properties>()
  #made: number

  /**
   * @param made - how many calls were made by the client that this one replaces
   * @param can - whether the store has a capability
   */
  constructor(random: () => number, client: string, made: number, can: (capability: Capability) => boolean) {
    this.#random = random
    this.#client = client
    this.#made = made
    this.#can = can
  }

  /** The next call. */
  next(): PlacedCall {
    const round = Math.floor(this.#made++ / callsInRound)
    const isEarlier = round > 0 && this.#random() < 0.08
    const inRound = isEarlier ? this.#below(round) : round
    const place = {
      namespace: `n${Math.floor(inRound / roundsInNamespace)}`,
      session: `s${2 * inRound + this.#below(2)}`,
    }
    return { ...place, call: this.#call(place) }
  }

  /** Remembers the answer to a call of this client. */
  saw({ namespace, session, call }: PlacedCall, answer: unknown): void {
    const key = `${namespace} ${session}`
    if (call.does === 'getAll') this.#seen.set(key, answer as Properties)
    else if (call.does === 'update' || call.does === 'getMany') {
      this.#seen.set(key, { ...this.#seen.get(key), ...(answer as Properties) })
    }
  }

  /** A number that is at least 0 and less than `limit`. */
  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #call(place: CallPlace): SessionCall {
    const chance = this.#random()
    if (chance < 0.24) return { does: 'patch', changes: this.#changes(), ...this.#ttl() }
    if (chance < 0.42 && this.#can('conditions')) {
      return { does: 'patchIf', expected: this.#expected(place), changes: this.#changes(), ...this.#ttl() }
    }
    if (chance < 0.54 && this.#can('conditions')) {
      return { does: 'update', names: this.#some(['count']), count: 'count', ...this.#ttl() }
    }
    if (chance < 0.6) return { does: 'delete', names: this.#some([]) }
    if (chance < 0.62) return { does: 'clear' }
    if (chance < 0.67 && this.#can('conditions')) return { does: 'clearIf', expected: this.#expected(place) }
    if (chance < 0.675) return { does: 'deleteNamespace' }
    if (chance < 0.68 && this.#can('time-to-live'))
      return { does: 'createNamespace', ttlSeconds: this.#below(3) }
    if (chance < 0.73 && this.#can('session-info')) return { does: 'info' }
    if (chance < 0.81) return { does: 'get', names: [this.#name()] }
    if (chance < 0.87) return { does: 'getMany', names: this.#some([]) }
    return { does: 'getAll' }
  }

  #ttl(): { readonly ttlSeconds?: number } {
    if (!this.#can('time-to-live') || this.#random() > 0.15) return {}
    return { ttlSeconds: [0, 1, 1, 2, 3600][this.#below(5)] ?? 0 }
  }

  #name(): string {
    return names[this.#below(names.length)] ?? 'a'
  }

  /** Some names, at least one. */
  #some(included: readonly string[]): string[] {
    const some = new Set([...included, this.#name(), this.#name()])
    return [...some]
  }

  /** A value unique to this call, if not a small number; sometimes an object, which `#expected` can reorder. */
  #value(): JsonValue {
    const by = `${this.#client}-${this.#made}`
    if (this.#random() < 0.3) return { by, nested: [1] }
    return this.#random() < 0.2 ? this.#below(3) : by
  }

  #changes(): StatedProperties {
    const value = this.#value()
    const change = (name: string): Stated => {
      if (name === 'count') return { is: this.#below(3) }
      return this.#can('removals') && this.#random() < 0.1 ? 'absent' : { is: value }
    }
    return Object.fromEntries(this.#some([]).map((name) => [name, change(name)]))
  }

  #expected(place: CallPlace): StatedProperties {
    const seen = this.#seen.get(`${place.namespace} ${place.session}`) ?? {}
    const expected = (name: string): Stated => {
      const chance = this.#random()
      if (chance < 0.2) return 'present'
      const value = Object.hasOwn(seen, name) ? seen[name] : undefined
      if (chance < 0.3 || value === undefined) return 'absent'
      return { is: inOtherOrder(value) }
    }
    return Object.fromEntries(this.#some([]).map((name) => [name, expected(name)]))
  }
}

function inOtherOrder(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).reverse())
}
