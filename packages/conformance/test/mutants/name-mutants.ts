import type { JsonValue, Properties } from '@context-store/core'
import type { CheckedAddress, PatchRequest } from '@context-store/core/adapter'
import { PlainAdapter, type PlainSession } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofBothSides, ofStore } from './mutant.ts'

export const nameMutants: readonly Mutant[] = [
  ofAdapter(
    'joins the parts of a key with a colon',
    ['identifiers'],
    class extends PlainAdapter {
      override keyOf(...parts: string[]): string {
        return parts.join(':')
      }
    },
  ),
  ofAdapter(
    'trims ids',
    ['identifiers'],
    class extends PlainAdapter {
      override keyOf(...parts: string[]): string {
        return super.keyOf(...parts.map((part) => part.trim()))
      }
    },
  ),
  ofAdapter(
    'folds the case of ids',
    ['identifiers'],
    class extends PlainAdapter {
      override keyOf(...parts: string[]): string {
        return super.keyOf(...parts.map((part) => part.toLowerCase()))
      }
    },
  ),
  ofBothSides(
    'normalizes ids',
    ['identifiers'],
    class extends PlainAdapter {
      override keyOf(...parts: string[]): string {
        return super.keyOf(...parts.map((part) => part.normalize('NFC')))
      }
    },
  ),
  ofAdapter(
    'ends a key at its first NUL',
    ['identifiers'],
    class extends PlainAdapter {
      override keyOf(...parts: string[]): string {
        return super.keyOf(...parts.map((part) => part.split('\0', 1)[0] ?? ''))
      }
    },
  ),
  ofStore('treats an empty session id as none', ['identifiers'], () => ({
    store: (store) => ({
      session: (address) => store.session({ ...address, session: address.session || undefined }),
    }),
  })),
  ofStore('has one session for no id and another for __default__', ['__default__'], () => ({
    store: (store) => ({
      session: (address) => store.session({ ...address, session: address.session ?? ' default ' }),
    }),
  })),
  ofAdapter(
    'sets a prototype by __proto__',
    ['property names'],
    class extends PlainAdapter {
      override pick(session: PlainSession | undefined, names: readonly string[]): Properties {
        const picked: Properties = {}
        for (const [name, value] of Object.entries(super.pick(session, names))) picked[name] = value
        return picked
      }
    },
  ),
  ofAdapter(
    'drops __proto__',
    ['property names'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        const merged = super.merge(before, request)
        merged.delete('__proto__')
        return merged
      }
    },
  ),
  ofAdapter(
    'drops a nested __proto__',
    ['values'],
    class extends PlainAdapter {
      override out(value: JsonValue): JsonValue {
        if (typeof value !== 'object' || value === null) return value
        if (Array.isArray(value)) return value.map((item) => this.out(item))
        const entries = Object.entries(value).filter(([name]) => name !== '__proto__')
        return Object.fromEntries(entries.map(([name, inner]) => [name, this.out(inner)]))
      }
    },
  ),
  ofAdapter(
    'finds the members that every object inherits',
    ['property names'],
    class extends PlainAdapter {
      override readProperty(address: CheckedAddress, name: string): JsonValue | undefined {
        const all = this.readProperties(address, undefined)
        return all[name]
      }
    },
  ),
  ofAdapter(
    'folds the case of property names',
    ['property names'],
    class extends PlainAdapter {
      override merge(before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        const { names, values } = request.changes
        const folded = names.map(
          (name) => [...before.keys()].find((own) => own.toLowerCase() === name.toLowerCase()) ?? name,
        )
        return super.merge(before, { ...request, changes: { names: folded, values } })
      }
    },
  ),
]
