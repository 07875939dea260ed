import type { JsonValue, NamespaceInfo } from '@context-store/core'
import {
  checkSize,
  type ListedSession,
  type ListRequest,
  type SessionListRequest,
  type Slice,
} from '@context-store/core/adapter'
import { PlainAdapter, type PlainSession } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofBothSides, ofStore } from './mutant.ts'

export const sizeMutants: readonly Mutant[] = [
  ofAdapter(
    'ignores the limit of size',
    ['size'],
    class extends PlainAdapter {
      override measure(): void {}
    },
  ),
  ofAdapter(
    'counts bytes of UTF-8',
    ['size'],
    class extends PlainAdapter {
      override measure(properties: Map<string, JsonValue>): void {
        const text = JSON.stringify(Object.fromEntries(properties))
        checkSize(new TextEncoder().encode(text).length, properties.size, this.rules)
      }
    },
  ),
  ofAdapter(
    'counts values without names and commas',
    ['size'],
    class extends PlainAdapter {
      override measure(properties: Map<string, JsonValue>): void {
        const lengths = [...properties.values()].map((value) => JSON.stringify(value).length)
        checkSize(
          lengths.reduce((sum, length) => sum + length, 0),
          properties.size,
          this.rules,
        )
      }
    },
  ),
  ofAdapter(
    'counts everything that was ever written',
    ['size'],
    class extends PlainAdapter {
      written = 0
      override measure(properties: Map<string, JsonValue>): void {
        this.written += JSON.stringify(Object.fromEntries(properties)).length
        checkSize(this.written, properties.size, this.rules)
      }
    },
  ),
  ofAdapter(
    'ignores the limit of properties',
    ['size'],
    class extends PlainAdapter {
      override measure(properties: Map<string, JsonValue>): void {
        super.measure(new Map([...properties].slice(0, 3)))
      }
    },
  ),
  ofAdapter(
    'passes an error of the engine on unwrapped',
    ['size', 'patch', 'errors'],
    class extends PlainAdapter {
      override measure(properties: Map<string, JsonValue>): void {
        try {
          super.measure(properties)
        } catch {
          throw new RangeError('string or blob too big')
        }
      }
    },
  ),
]

export const listingMutants: readonly Mutant[] = [
  ofAdapter(
    'skips an item at the end of a page',
    ['listings'],
    class extends PlainAdapter {
      override slice<T, I>(
        all: T[],
        nameOf: (one: T) => string,
        itemOf: (one: T) => I,
        request: ListRequest,
      ): Slice<I> {
        const slice = super.slice(all, nameOf, itemOf, request)
        return slice.next === undefined ? slice : { ...slice, items: slice.items.slice(0, -1) }
      }
    },
  ),
  ofBothSides(
    'repeats the last item of a page',
    ['listings'],
    class extends PlainAdapter {
      override slice<T, I>(
        all: T[],
        nameOf: (one: T) => string,
        itemOf: (one: T) => I,
        request: ListRequest,
      ): Slice<I> {
        const { from, limit } = request
        const again = all.filter((one) => nameOf(one) === from).map(itemOf)
        const slice = super.slice(all, nameOf, itemOf, { from, limit: limit - again.length || 1 })
        return { ...slice, items: [...again, ...slice.items].slice(0, limit) }
      }
    },
  ),
  ofAdapter(
    'continues at an offset',
    ['listings'],
    class extends PlainAdapter {
      override slice<T, I>(
        all: T[],
        _nameOf: (one: T) => string,
        itemOf: (one: T) => I,
        request: ListRequest,
      ): Slice<I> {
        const { from, limit } = request
        const start = Number(from ?? 0)
        const next = start + limit < all.length ? String(start + limit) : undefined
        return { items: all.slice(start, start + limit).map(itemOf), next }
      }
    },
  ),
  ofAdapter(
    'moves a written session to the end of a listing',
    ['listings'],
    class extends PlainAdapter {
      override positionOf({ id, properties }: PlainSession): string {
        const round = properties.get('round')
        return `${String(typeof round === 'number' ? round : -1).padStart(4, '0')}${id}`
      }
    },
  ),
  ofAdapter(
    'lists expired sessions',
    ['time to live', 'listings', 'existence'],
    class extends PlainAdapter {
      override isListed(): boolean {
        return true
      }
    },
  ),
  ofAdapter(
    'ends a listing at a page with only expired sessions',
    ['listings', 'time to live'],
    class extends PlainAdapter {
      override isListed(): boolean {
        return true
      }
      override listSessions(
        account: string,
        namespace: string,
        request: SessionListRequest,
      ): Slice<ListedSession> {
        const page = super.listSessions(account, namespace, request)
        const now = this.time()
        const items = page.items.filter(
          ({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > now,
        )
        return { items, next: items.length === 0 ? undefined : page.next }
      }
    },
  ),
  ofAdapter(
    'lists the namespaces of every account',
    ['listings', 'identifiers', 'existence'],
    class extends PlainAdapter {
      override listNamespaces(account: string, request: ListRequest): Slice<NamespaceInfo> {
        const all = [...this.namespaces.values()]
        const alone = super.listNamespaces(account, request)
        return all.length > 205
          ? { ...alone, items: all.map(({ name }) => ({ name, createdAt: new Date(0) })) }
          : alone
      }
    },
  ),
  ofAdapter(
    'lists accounts whose namespaces are all deleted',
    ['listings'],
    class extends PlainAdapter {
      readonly known = new Set<string>()
      override begin(account: string, name: string): ReturnType<PlainAdapter['begin']> {
        this.known.add(account)
        return super.begin(account, name)
      }
      override listAccounts(request: ListRequest): Slice<string> {
        return this.slice(
          [...this.known],
          (id) => id,
          (id) => id,
          request,
        )
      }
    },
  ),
  ofStore('accepts any cursor', ['listings'], () => ({
    namespace: (namespace) => ({
      listSessions: async ({ cursor, limit = 100 } = {}) => {
        if (limit < 1 || limit > 1000) return namespace.listSessions({ limit })
        const { items } = await namespace.listSessions({ limit: 1000 })
        const start = items.findIndex(({ id }) => id === cursor) + 1
        const page = items.slice(start, start + limit)
        const last = page.at(-1)
        return start + limit < items.length && last ? { items: page, cursor: last.id } : { items: page }
      },
    }),
  })),
  ofStore('clamps a limit to the allowed range', ['listings'], () => ({
    namespace: (namespace) => ({
      listSessions: ({ cursor, limit = 100 } = {}) =>
        namespace.listSessions({ cursor, limit: Math.max(1, Math.min(1000, Math.floor(limit || 1))) }),
    }),
  })),
]
