import type { JsonValue, Properties } from '@context-store/core'
import { type ListRequest, listedLength, type Slice } from '@context-store/core/adapter'
import { PlainAdapter, type PlainSession } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofStore } from './mutant.ts'

/** Mutants of listings with properties. */
export const listedPropertiesMutants: readonly Mutant[] = [
  ofAdapter(
    'lists every property if some are named',
    ['listings'],
    class extends PlainAdapter {
      override listed(session: PlainSession): Properties {
        return super.listed(session, true)
      }
    },
  ),
  ofAdapter(
    'lists null for a named property that does not exist',
    ['listings'],
    class extends PlainAdapter {
      override listed(session: PlainSession, properties: true | readonly string[]): Properties {
        const found = super.listed(session, properties)
        for (const name of properties === true ? [] : properties) found[name] ??= null
        return found
      }
    },
  ),
  ofAdapter(
    'lists its own objects',
    ['listings'],
    class extends PlainAdapter {
      isListing = false
      override listed(session: PlainSession, properties: true | readonly string[]): Properties {
        this.isListing = true
        const found = super.listed(session, properties)
        this.isListing = false
        return found
      }
      override out(value: JsonValue): JsonValue {
        return this.isListing ? value : super.out(value)
      }
    },
  ),
  ofAdapter(
    'puts any number of large sessions on a page',
    ['listings'],
    class extends PlainAdapter {
      override slice<T, I>(
        all: T[],
        nameOf: (one: T) => string,
        itemOf: (one: T) => I,
        request: ListRequest,
      ): Slice<I> {
        return super.slice(all, nameOf, itemOf, request)
      }
    },
  ),
  ofAdapter(
    'ends a listing when a page has grown too large',
    ['listings'],
    class extends PlainAdapter {
      override slice<T, I>(
        all: T[],
        nameOf: (one: T) => string,
        itemOf: (one: T) => I,
        request: ListRequest,
        lengthOf: (one: T) => number = () => 0,
      ): Slice<I> {
        const { items, next } = super.slice(all, nameOf, itemOf, request, lengthOf)
        const length = all.reduce((sum, one) => sum + lengthOf(one), 0)
        return { items, next: length > listedLength && items.length < request.limit ? undefined : next }
      }
    },
  ),
  ofStore('leaves out sessions that have none of the named properties', ['listings'], () => ({
    namespace: (namespace) => ({
      listSessions: async (options) => {
        const page = await namespace.listSessions(options)
        if (options?.properties === undefined || options.properties === true) return page
        const items = page.items.filter((item) => Object.keys(Reflect.get(item, 'properties')).length > 0)
        return { ...page, items }
      },
    }),
  })),
  ofStore('accepts anything for `properties`', ['listings'], () => ({
    namespace: (namespace) => ({
      listSessions: ({ properties, ...options } = {}) => {
        const isRight = properties === true || Array.isArray(properties)
        return namespace.listSessions(isRight ? { ...options, properties } : options)
      },
    }),
  })),
]
