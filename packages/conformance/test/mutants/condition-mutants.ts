import {
  type AddressKey,
  absent,
  conditionHolds,
  createStore,
  type JsonValue,
  type PatchOutcome,
  type PatchRequest,
  promised,
  type StoreRules,
} from '@context-store/core'
import { PlainAdapter } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofStore } from './mutant.ts'

export const conditionMutants: readonly Mutant[] = [
  {
    name: 'decides a condition, and writes a turn later',
    rows: ['patchIf', 'update', 'order of effects'],
    create: (options) => {
      const adapter = new PlainAdapter()
      const patch = async (
        address: AddressKey,
        request: PatchRequest,
        rules: StoreRules,
      ): Promise<PatchOutcome> => {
        const nothing = { names: [], values: {} }
        if (request.expected !== undefined) {
          const current = adapter.readProperties(address, request.expected.names, rules)
          const holds = conditionHolds(request.expected, current)
          if (!holds) return current
          await Promise.resolve()
        }
        return adapter.patch(address, { ...request, expected: nothing }, rules)
      }
      return createStore({ ...promised(adapter), patch }, options)
    },
  },
  ofStore('compares the texts of values, members in their order', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const current = await session.getMany(Object.keys(expected))
        const differs = Object.entries(expected).some(
          ([name, value]) => value !== absent && JSON.stringify(current[name]) !== JSON.stringify(value),
        )
        return differs ? { ok: false, current } : session.patchIf(expected, properties, options)
      },
    }),
  })),
  ofStore('compares loosely', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const current = await session.getMany(Object.keys(expected))
        const holds = Object.entries(expected).every(([name, value]) =>
          value === absent ? current[name] === undefined : String(current[name]) === String(value),
        )
        if (!holds) return { ok: false, current }
        await session.patch(properties, options)
        return { ok: true }
      },
    }),
  })),
  ofStore('takes null for absent in a condition', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const current = await session.getMany(Object.keys(expected))
        const entries = Object.entries(expected).map(
          ([name, value]): [string, JsonValue | typeof absent | undefined] =>
            value === absent && current[name] === null ? [name, null] : [name, value],
        )
        return session.patchIf(
          Object.fromEntries<JsonValue | typeof absent>(
            entries.map(([name, value]) => [name, value ?? null]),
          ),
          properties,
          options,
        )
      },
    }),
  })),
  ofAdapter(
    'begins the namespace where a condition fails',
    ['patchIf'],
    class extends PlainAdapter {
      override patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome {
        this.mustExist(address, rules)
        this.begin(address.account, address.namespace, rules)
        return super.patch(address, request, rules)
      }
    },
  ),
  ofAdapter(
    'restarts the time to live where a condition fails',
    ['patchIf'],
    class extends PlainAdapter {
      override patch(address: AddressKey, request: PatchRequest, rules: StoreRules): PatchOutcome {
        const outcome = super.patch(address, request, rules)
        const nothing = { names: [], values: {} }
        if (outcome !== undefined)
          super.patch(address, { ...request, expected: undefined, changes: nothing }, rules)
        return outcome
      }
    },
  ),
  ofStore('gives every property where a condition fails', ['patchIf'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        const result = await session.patchIf(expected, properties, options)
        return result.ok ? result : { ok: false, current: await session.getAll() }
      },
    }),
  })),
  ofStore('takes undefined for absent in a condition', ['values'], () => ({
    session: (session) => ({
      patchIf: (expected, properties, options) => {
        const entries = Object.entries(expected).map(
          ([name, value]) => [name, value === undefined ? absent : value] as const,
        )
        return session.patchIf(Object.fromEntries<JsonValue | typeof absent>(entries), properties, options)
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
  ofStore('gives up an update that lost a race', ['update', 'order of effects'], () => ({
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
  ofStore('gives what was there before an update', ['update'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        const before = await session.getMany(names)
        await session.update(names, change, options)
        return before
      },
    }),
  })),
  ofStore('writes an empty patch where an update gives undefined', ['update', 'time to live'], () => ({
    session: (session) => ({
      update: (names, change, options) => session.update(names, (current) => change(current) ?? {}, options),
    }),
  })),
]
