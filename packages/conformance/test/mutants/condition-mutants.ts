import { absent, type JsonValue, type Properties, present } from '@context-store/core'
import type { CheckedAddress, Condition, PatchRequest, WriteOutcome } from '@context-store/core/adapter'
import { PlainAdapter, type PlainSession } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofStore } from './mutant.ts'

export const conditionMutants: readonly Mutant[] = [
  ofStore('checks a condition, and writes a tick later', ['patchIf', 'update', 'order of effects'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const result = await session.patchIf(expected, {})
        if (result.ok) await session.patch(properties, options)
        return result
      },
    }),
  })),
  ofStore('compares values as text, including the order of members', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const current = await session.getMany(Object.keys(expected))
        const differs = Object.entries(expected).some(
          ([name, value]) =>
            typeof value !== 'symbol' && JSON.stringify(current[name]) !== JSON.stringify(value),
        )
        return differs ? { ok: false, current } : session.patchIf(expected, properties, options)
      },
    }),
  })),
  ofAdapter(
    'compares loosely',
    ['patchIf'],
    class extends PlainAdapter {
      override accepts({ names, values }: Condition, current: Properties): boolean {
        return names.every((name) => {
          const value = values[name]
          if (typeof value === 'symbol') return Object.hasOwn(current, name) === (value === present)
          return String(current[name]) === String(value)
        })
      }
    },
  ),
  ofAdapter(
    'treats null as absent in a condition',
    ['patchIf'],
    class extends PlainAdapter {
      override accepts(expected: Condition, current: Properties): boolean {
        const names = expected.names.filter(
          (name) => !(expected.values[name] === absent && current[name] === null),
        )
        return super.accepts({ ...expected, names }, current)
      }
    },
  ),
  ofAdapter(
    'creates the namespace if a condition fails',
    ['patchIf'],
    class extends PlainAdapter {
      override patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
        this.mustExist(address)
        this.begin(address.account, address.namespace)
        return super.patch(address, request)
      }
    },
  ),
  ofAdapter(
    'restarts the time to live if a condition fails',
    ['patchIf'],
    class extends PlainAdapter {
      override patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
        const outcome = super.patch(address, request)
        const nothing = { names: [], values: {} }
        if (outcome !== undefined) super.patch(address, { ...request, expected: undefined, changes: nothing })
        return outcome
      }
    },
  ),
  ofStore('returns every property if a condition fails', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const result = await session.patchIf(expected, properties, options)
        return result.ok ? result : { ok: false, current: (await session.getAll()) as typeof result.current }
      },
    }),
  })),
  ofStore('treats undefined as absent in a condition', ['values'], () => ({
    session: (session) => ({
      patchIf: (expected, properties, options) => {
        const filled: { [name: string]: unknown } = { ...expected }
        for (const name of Object.keys(filled)) filled[name] ??= filled[name] === null ? null : absent
        return session.patchIf(filled as typeof expected, properties, options)
      },
    }),
  })),
  ofStore('updates without a condition', ['update', 'order of effects'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        const properties = change(await session.getMany(names))
        if (properties !== undefined) await session.patch(properties, options)
        return session.getMany(names)
      },
    }),
  })),
  ofStore('does not retry an update that lost a race', ['update', 'order of effects'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        const current = await session.getMany(names)
        const seen = Object.fromEntries<JsonValue | typeof absent>(
          names.map((name) => [name, current[name] ?? absent]),
        )
        const properties = change(current)
        if (properties !== undefined) await session.patchIf(seen, properties, options)
        return session.getMany(names)
      },
    }),
  })),
  ofStore('returns the properties before the update', ['update'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        const before = await session.getMany(names)
        await session.update(names, change, options)
        return before
      },
    }),
  })),
  ofStore('writes an empty patch if `change` returns undefined', ['update', 'time to live'], () => ({
    session: (session) => ({
      update: (names, change, options) => session.update(names, (current) => change(current) ?? {}, options),
    }),
  })),
  ofStore('treats null as not `present`', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const current = await session.getMany(Object.keys(expected))
        const isNull = ([name, value]: [string, unknown]): boolean =>
          value === present && current[name] === null
        if (Object.entries(expected).some(isNull)) return { ok: false, current }
        return session.patchIf(expected, properties, options)
      },
    }),
  })),
  ofAdapter(
    'ignores `present` in a condition',
    ['patchIf'],
    class extends PlainAdapter {
      override accepts(expected: Condition, current: Properties): boolean {
        const names = expected.names.filter((name) => expected.values[name] !== present)
        return super.accepts({ ...expected, names }, current)
      }
    },
  ),
  ofAdapter(
    'checks a condition against an expired session',
    ['patchIf', 'time to live'],
    class extends PlainAdapter {
      override refusal(_: PlainSession | undefined, expected: Condition | undefined): WriteOutcome {
        return super.refusal(this.looked, expected)
      }
      override find(address: CheckedAddress): PlainSession | undefined {
        this.looked = this.sessionsOf(address)?.get(this.keyOf(address.session))
        return super.find(address)
      }
      looked: PlainSession | undefined
    },
  ),
  ofStore('leaves out a property whose value is `present`', ['patchIf'], () => ({
    session: (session) => ({
      patch: (properties, options) => {
        const kept: { [name: string]: unknown } = { ...properties }
        for (const [name, value] of Object.entries(kept)) if (value === present) delete kept[name]
        return session.patch(kept as typeof properties, options)
      },
    }),
  })),
]

export const clearIfMutants: readonly Mutant[] = [
  ofAdapter(
    'clears on any condition',
    ['patchIf'],
    class extends PlainAdapter {
      override clearSession(address: CheckedAddress): WriteOutcome {
        return super.clearSession(address, undefined)
      }
    },
  ),
  ofAdapter(
    'removes only the named properties with clearIf()',
    ['patchIf'],
    class extends PlainAdapter {
      override clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
        if (expected === undefined) return super.clearSession(address, expected)
        const refused = this.refusal(this.find(address), expected)
        if (refused === undefined) this.deleteProperties(address, expected.names)
        return refused
      }
    },
  ),
  ofAdapter(
    'creates the namespace with clearIf()',
    ['patchIf', 'existence'],
    class extends PlainAdapter {
      override clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
        if (expected !== undefined) this.begin(address.account, address.namespace)
        return super.clearSession(address, expected)
      }
    },
  ),
  ofAdapter(
    'restarts the time to live if clearIf() is refused',
    ['patchIf'],
    class extends PlainAdapter {
      override clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
        const refused = super.clearSession(address, expected)
        const session = this.find(address)
        const { ttlSeconds = 0 } = session?.life ?? {}
        if (session !== undefined && ttlSeconds > 0) {
          session.life = { ...session.life, expiresAt: this.time() + ttlSeconds * 1000 }
        }
        return refused
      }
    },
  ),
  ofAdapter(
    'keeps the createdAt of a session that clearIf() ended',
    ['patchIf'],
    class extends PlainAdapter {
      readonly ended = new Map<string, number>()
      override clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
        const before = this.find(address)
        const refused = super.clearSession(address, expected)
        if (expected !== undefined && refused === undefined && before !== undefined) {
          this.ended.set(
            this.keyOf(address.account, address.namespace, address.session),
            before.life.createdAt,
          )
        }
        return refused
      }
      override patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
        const outcome = super.patch(address, request)
        const session = this.find(address)
        const createdAt = this.ended.get(this.keyOf(address.account, address.namespace, address.session))
        if (session !== undefined && createdAt !== undefined) session.life = { ...session.life, createdAt }
        return outcome
      }
    },
  ),
  ofStore('returns every property if clearIf() is refused', ['patchIf'], () => ({
    session: (session) => ({
      clearIf: async (expected) => {
        const result = await session.clearIf(expected)
        return result.ok ? result : { ok: false, current: (await session.getAll()) as typeof result.current }
      },
    }),
  })),
  ofStore(
    'checks the condition of clearIf(), and clears a tick later',
    ['patchIf', 'order of effects'],
    () => ({
      session: (session) => ({
        clearIf: async (expected) => {
          const result = await session.patchIf(expected, {})
          if (result.ok) await session.clear()
          return result
        },
      }),
    }),
  ),
  ofStore('compares values as text with clearIf()', ['patchIf', 'order of effects'], () => ({
    session: (session) => ({
      clearIf: async (expected) => {
        const current = await session.getMany(Object.keys(expected))
        const differs = Object.entries(expected).some(
          ([name, value]) =>
            typeof value !== 'symbol' && JSON.stringify(current[name]) !== JSON.stringify(value),
        )
        return differs ? { ok: false, current } : session.clearIf(expected)
      },
    }),
  })),
  ofStore('treats undefined as absent with clearIf()', ['patchIf', 'errors'], () => ({
    session: (session) => ({
      clearIf: (expected) => {
        const filled: { [name: string]: unknown } = { ...expected }
        for (const name of Object.keys(filled)) filled[name] ??= filled[name] === null ? null : absent
        return session.clearIf(filled as typeof expected)
      },
    }),
  })),
]
