import { absent, type JsonValue } from '@context-store/core'
import {
  type Changes,
  createStore,
  type PatchRequest,
  type StorageAdapter,
} from '@context-store/core/adapter'
import { PlainAdapter } from '../plain-adapter.ts'
import { promised } from '../promised.ts'
import { type Mutant, ofAdapter, ofStore } from './mutant.ts'

/** Merges nested objects too. */
function deep(before: JsonValue | undefined, value: JsonValue): JsonValue {
  if (typeof before !== 'object' || before === null || Array.isArray(before)) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const merged = { ...before }
  for (const [name, inner] of Object.entries(value)) merged[name] = deep(merged[name], inner)
  return merged
}

/** The changes of a request with other values. */
function changed(
  { changes }: PatchRequest,
  change: (value: JsonValue | typeof absent, name: string) => JsonValue | typeof absent,
): Changes {
  const values = changes.names.map((name) => [name, change(changes.values[name] ?? null, name)] as const)
  return { names: changes.names, values: Object.fromEntries(values) }
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
        const changes = changed(request, (value, name) =>
          value === absent ? absent : deep(before.get(name), value),
        )
        return super.merge(before, { ...request, changes })
      }
    },
  ),
  ofAdapter(
    'treats null as a removal',
    ['patch'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        return super.merge(before, { ...request, changes: changed(request, (value) => value ?? absent) })
      }
    },
  ),
  ofAdapter(
    'stores absent as null',
    ['patch'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        const changes = changed(request, (value) => (value === absent ? null : value))
        return super.merge(before, { ...request, changes })
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
    name: 'gets, merges and puts, with a tick of the event loop in between',
    rows: ['patch', 'order of effects'],
    create: (options) =>
      createStore((rules) => {
        const adapter = new PlainAdapter(rules)
        const patch: StorageAdapter['patch'] = async (address, request) => {
          const before = adapter.readProperties(address, undefined)
          await Promise.resolve()
          adapter.end(address)
          const names = [...Object.keys(before), ...request.changes.names]
          const values = { ...before, ...request.changes.values }
          return adapter.patch(address, { ...request, changes: { names, values } })
        }
        return { ...promised(adapter), patch, keepsOrder: true }
      }, options),
  },
  ofStore('deletes only the first of several names', ['patch', 'property names'], () => ({
    session: (session) => ({
      delete: (names) => session.delete(typeof names === 'string' ? names : names.slice(0, 1)),
    }),
  })),
]
