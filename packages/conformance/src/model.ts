import {
  absent,
  type ErrorCode,
  type JsonValue,
  type NamespaceInfo,
  type Properties,
  present,
  type SessionInfo,
} from '@context-store/core'
import { difference } from './difference.ts'

/** An error of the model; its code is compared with that of a store's error. */
export class ModelRefusal extends Error {
  override readonly name = 'ModelRefusal'
  /** The code that a store's error must have. */
  readonly code: ErrorCode
  /** Creates the error. */
  constructor(code: ErrorCode) {
    super(code)
    this.code = code
  }
}

/** The address of a session. */
export interface Place {
  /** The account. */
  readonly account: string
  /** The namespace. */
  readonly namespace: string
  /** The session. */
  readonly session: string
}

/** Changes as pairs of name and value: an object literal cannot hold every name. */
export type Changes = readonly (readonly [name: string, value: JsonValue | typeof absent])[]

/** Expectations as pairs of name and value. */
export type Expectations = readonly (readonly [
  name: string,
  value: JsonValue | typeof absent | typeof present,
])[]

/** The result of a conditional write. */
export type ModelResult = { ok: true } | { ok: false; current: Properties }

interface ModelSession {
  createdAt: number
  ownTtl: number | undefined
  ttl: number
  patchedAt: number
  properties: Map<string, JsonValue>
}

interface ModelNamespace {
  createdAt: number
  ttl: number
  sessions: Map<string, ModelSession>
}

/**
 * The table "Meaning" of docs/design.md as plain code: not optimized, and without any code of core.
 */
export class Model {
  readonly #accounts = new Map<string, Map<string, ModelNamespace>>()
  readonly #now: () => number
  readonly #explicit: boolean

  /** A model of an empty store. */
  constructor(now: () => number, explicit: boolean) {
    this.#now = now
    this.#explicit = explicit
  }

  /** As `namespace.create()`. */
  create(account: string, name: string, ttl: number | undefined): void {
    const namespace = this.#begin(account, name)
    if (ttl !== undefined) namespace.ttl = ttl
  }

  /** As `namespace.delete()`. */
  deleteNamespace(account: string, name: string): void {
    this.#accounts.get(account)?.delete(name)
  }

  /** As `namespace.info()`. */
  namespaceInfo(account: string, name: string): NamespaceInfo | undefined {
    const namespace = this.#accounts.get(account)?.get(name)
    if (namespace === undefined) return undefined
    const { createdAt, ttl } = namespace
    return { name, createdAt: new Date(createdAt), ...(ttl > 0 ? { ttlSeconds: ttl } : {}) }
  }

  /** As `account.namespaces()`, in any order. */
  namespaces(account: string): NamespaceInfo[] {
    const names = [...(this.#accounts.get(account)?.keys() ?? [])]
    return names.flatMap((name) => this.namespaceInfo(account, name) ?? [])
  }

  /** As `store.accounts()`, in any order. */
  accounts(): string[] {
    return [...this.#accounts].flatMap(([account, namespaces]) => (namespaces.size > 0 ? [account] : []))
  }

  /** As `session.patchIf()`, and without a condition as `session.patch()`. */
  patch(place: Place, expected: Expectations, changes: Changes, ttl: number | undefined): ModelResult {
    this.#mustExist(place)
    const before = this.#live(place)
    const refused = this.#refusal(place, expected)
    if (refused !== undefined) return refused

    const namespace = this.#begin(place.account, place.namespace)
    const properties = new Map(before?.properties)
    for (const [name, value] of changes) {
      if (value === absent) properties.delete(name)
      else properties.set(name, value)
    }
    const ownTtl = ttl ?? before?.ownTtl
    const wasEmpty = before !== undefined && before.properties.size === 0
    const mayBeEmpty = ttl !== undefined ? ttl > 0 : wasEmpty && ownTtl !== undefined && ownTtl > 0
    if (properties.size === 0 && !mayBeEmpty) {
      namespace.sessions.delete(place.session)
    } else {
      namespace.sessions.set(place.session, {
        createdAt: before?.createdAt ?? this.#now(),
        ownTtl,
        ttl: ownTtl ?? namespace.ttl,
        patchedAt: this.#now(),
        properties,
      })
    }
    return { ok: true }
  }

  /** As `session.getMany()`, and without names as `session.getAll()`. */
  read(place: Place, names?: readonly string[]): Properties {
    this.#mustExist(place)
    const properties = [...(this.#live(place)?.properties ?? [])]
    return Object.fromEntries(
      names === undefined ? properties : properties.filter(([name]) => names.includes(name)),
    )
  }

  /** As `session.delete()`. */
  delete(place: Place, names: readonly string[]): void {
    const session = this.#live(place)
    if (session === undefined) return
    const before = session.properties.size
    for (const name of names) session.properties.delete(name)
    if (before > 0 && session.properties.size === 0) this.clear(place)
  }

  /** As `session.clear()`. */
  clear(place: Place): void {
    this.#accounts.get(place.account)?.get(place.namespace)?.sessions.delete(place.session)
  }

  /** As `session.clearIf()`. */
  clearIf(place: Place, expected: Expectations): ModelResult {
    const refused = this.#refusal(place, expected)
    if (refused === undefined) this.clear(place)
    return refused ?? { ok: true }
  }

  /** As `session.info()`. */
  info(place: Place): SessionInfo | undefined {
    this.#mustExist(place)
    const session = this.#live(place)
    if (session === undefined) return undefined
    const { createdAt, ttl, patchedAt } = session
    const life = ttl > 0 ? { ttlSeconds: ttl, expiresAt: new Date(patchedAt + ttl * 1000) } : {}
    return { id: place.session, createdAt: new Date(createdAt), ...life }
  }

  /** As `namespace.sessions()`, in any order. */
  sessions(account: string, namespace: string): SessionInfo[] {
    this.#mustExist({ account, namespace })
    const ids = [...(this.#accounts.get(account)?.get(namespace)?.sessions.keys() ?? [])]
    return ids.flatMap((session) => this.info({ account, namespace, session }) ?? [])
  }

  /** The result of a write whose condition does not hold; `undefined`: it holds. */
  #refusal(place: Place, expected: Expectations): ModelResult | undefined {
    const properties = this.#live(place)?.properties ?? new Map<string, JsonValue>()
    const holds = expected.every(([name, value]) => {
      const there = properties.get(name)
      if (value === absent) return there === undefined
      return there !== undefined && (value === present || difference(there, value) === undefined)
    })
    if (holds) return undefined
    const names = expected.map(([name]) => name)
    const current = Object.fromEntries([...properties].filter(([name]) => names.includes(name)))
    return { ok: false, current }
  }

  #mustExist({ account, namespace }: Omit<Place, 'session'>): void {
    if (this.#explicit && this.#accounts.get(account)?.has(namespace) !== true) {
      throw new ModelRefusal('namespace-not-found')
    }
  }

  #begin(account: string, name: string): ModelNamespace {
    const namespaces = this.#accounts.get(account) ?? new Map<string, ModelNamespace>()
    this.#accounts.set(account, namespaces)
    const namespace = namespaces.get(name) ?? { createdAt: this.#now(), ttl: 0, sessions: new Map() }
    namespaces.set(name, namespace)
    return namespace
  }

  #live(place: Place): ModelSession | undefined {
    const session = this.#accounts.get(place.account)?.get(place.namespace)?.sessions.get(place.session)
    if (session === undefined || session.ttl === 0) return session
    return this.#now() < session.patchedAt + session.ttl * 1000 ? session : undefined
  }
}
