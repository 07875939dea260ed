import {
  type AddressKey,
  absent,
  createStore,
  type JsonValue,
  type PatchOutcome,
  type PatchRequest,
  promised,
  type StoreRules,
} from '@context-store/core'
import { PlainAdapter } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofStore } from './mutant.ts'

/** Merges nested objects too. */
function deep(before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (typeof before !== 'object' || before === null || Array.isArray(before)) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const merged = { ...before }
  for (const [name, inner] of Object.entries(value)) merged[name] = deep(merged[name], inner)
  return merged
}

export const patchMutants: readonly Mutant[] = [
  ofAdapter(
    'replaces the session instead of merging',
    ['patch'],
    class extends PlainAdapter {
      override merge(_before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        return super.merge(new Map(), request)
      }
    },
  ),
  ofAdapter(
    'merges nested objects',
    ['patch'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        const { names } = request.changes
        const values = request.changes.values.map((value, index) =>
          value === absent ? absent : deep(before.get(names[index] ?? ''), value),
        )
        return super.merge(before, { ...request, changes: { names, values } })
      }
    },
  ),
  ofAdapter(
    'deletes by null',
    ['patch'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        const { names, values } = request.changes
        return super.merge(before, {
          ...request,
          changes: { names, values: values.map((value) => value ?? absent) },
        })
      }
    },
  ),
  ofAdapter(
    'stores absent as null',
    ['patch'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        const { names, values } = request.changes
        const stored = values.map((value) => (value === absent ? null : value))
        return super.merge(before, { ...request, changes: { names, values: stored } })
      }
    },
  ),
  ofStore('writes null for undefined', ['patch'], () => ({
    session: (session) => ({
      patch: (properties, options) => {
        const written = Object.entries(properties).map(
          ([name, value]) => [name, value === undefined ? null : value] as const,
        )
        return session.patch(Object.fromEntries<JsonValue | typeof absent>(written), options)
      },
    }),
  })),
  ofStore(
    'writes the properties one by one, up to a bad value',
    ['patch', 'values', 'property names'],
    () => ({
      session: (session) => ({
        patch: async (properties, options) => {
          for (const [name, value] of Object.entries(properties)) {
            await session.patch(Object.fromEntries([[name, value]]), options)
          }
        },
      }),
    }),
  ),
  {
    name: 'gets, merges and puts, with a turn of the event loop between',
    rows: ['patch', 'order of effects'],
    create: (options) => {
      const adapter = new PlainAdapter()
      const patch = async (
        address: AddressKey,
        request: PatchRequest,
        rules: StoreRules,
      ): Promise<PatchOutcome> => {
        const before = adapter.readProperties(address, undefined, rules)
        await Promise.resolve()
        adapter.clearSession(address, rules)
        const names = [...Object.keys(before), ...request.changes.names]
        const values = [...Object.values(before), ...request.changes.values]
        return adapter.patch(address, { ...request, changes: { names, values } }, rules)
      }
      return createStore({ ...promised(adapter), patch }, options)
    },
  },
  ofStore('deletes only the first of several names', ['patch', 'property names'], () => ({
    session: (session) => ({
      delete: (names) => session.delete(typeof names === 'string' ? names : names.slice(0, 1)),
    }),
  })),
]
