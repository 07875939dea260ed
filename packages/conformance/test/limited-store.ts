import {
  absent,
  type ContextStore,
  type JsonValue,
  type Properties,
  type SessionInfo,
  type StoreOptions,
  UnsupportedError,
} from '@context-store/core'
import {
  type Cannot,
  type Capability,
  type CheckedAddress,
  type Condition,
  createStore,
  type ListedSession,
  type ListRequest,
  type PatchRequest,
  type SessionListRequest,
  type Slice,
  type StoreRules,
  type WriteOutcome,
} from '@context-store/core/adapter'
import { PlainAdapter } from './plain-adapter.ts'
import { promised } from './promised.ts'

/** A plain adapter that lacks some capabilities, whether or not it declares so. */
class LimitedAdapter extends PlainAdapter {
  readonly cannot: Cannot
  readonly #lacks: ReadonlySet<Capability>

  constructor(rules: StoreRules, lacks: ReadonlySet<Capability>, cannot: Cannot) {
    // An engine without clocks, limits or explicit namespaces ignores these options.
    super({
      ...rules,
      ...(lacks.has('limits') && {
        limits: { ...rules.limits, documentLength: 800_000, properties: 100_000 },
      }),
      ...(lacks.has('explicit-namespaces') && { explicitNamespaces: false }),
      now: lacks.has('clock') ? () => Date.now() : () => rules.now(),
    })
    this.#lacks = lacks
    this.cannot = cannot
  }

  override createNamespace(account: string, name: string, ttlSeconds: number | undefined): void {
    this.#needs('time-to-live', ttlSeconds !== undefined)
    super.createNamespace(account, name, ttlSeconds)
  }

  override listAccounts(request: ListRequest): Slice<string> {
    this.#needs('accounts')
    return super.listAccounts(request)
  }

  override listSessions(account: string, name: string, request: SessionListRequest): Slice<ListedSession> {
    this.#needs('session-listing')
    return super.listSessions(account, name, request)
  }

  override patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
    const { changes, expected, removes, ttlSeconds } = request
    this.#needs('path-names', /^(\.\.?|properties)$/.test(address.session))
    this.#needs('path-names', changes.names.includes(''))
    this.#needs('removals', removes || Object.values(changes.values).includes(absent))
    this.#needs('conditions', expected !== undefined)
    this.#needs('time-to-live', ttlSeconds !== undefined)
    return super.patch(address, request)
  }

  override readProperty(address: CheckedAddress, name: string): JsonValue | undefined {
    this.#needs('path-names', name === '')
    return super.readProperty(address, name)
  }

  override readProperties(address: CheckedAddress, names: readonly string[] | undefined): Properties {
    this.#needs('path-names', names?.includes('') === true)
    return super.readProperties(address, names)
  }

  override clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
    this.#needs('conditions', expected !== undefined)
    return super.clearSession(address, expected)
  }

  override sessionInfo(address: CheckedAddress): SessionInfo | undefined {
    this.#needs('session-info')
    return super.sessionInfo(address)
  }

  #needs(capability: Capability, isUsed = true): void {
    if (!isUsed || !this.#lacks.has(capability)) return
    if (this.cannot[capability] !== undefined) throw new Error(`called, although it declared: ${capability}`)
    throw new UnsupportedError(`there is no ${capability}`)
  }
}

/** A store over an adapter that lacks some capabilities and declares some as missing. */
export function limitedStore(
  options: StoreOptions,
  lacks: readonly Capability[],
  declared: readonly Capability[],
): ContextStore {
  const cannot = Object.fromEntries(declared.map((name) => [name, 'the service has none']))
  return createStore((rules) => {
    const adapter = new LimitedAdapter(rules, new Set(lacks), cannot)
    return { ...promised(adapter), ready: async () => undefined }
  }, options)
}
