import type { JsonValue, Patch, Properties } from '@context-store/core'
import { PlainAdapter } from '../plain-adapter.ts'
import { type Mutant, ofAdapter, ofBothSides, ofStore } from './mutant.ts'

export const valueMutants: readonly Mutant[] = [
  ofStore('keeps -0', ['values'], () => {
    const negative = new Set<string>()
    return {
      session: (session) => ({
        patch: (properties, options) => {
          for (const [name, value] of Object.entries(properties)) if (Object.is(value, -0)) negative.add(name)
          return session.patch(properties, options)
        },
        get: async (name) => (negative.has(name) ? -0 : session.get(name)),
      }),
    }
  }),
  ofStore('stores what JSON.stringify makes of a value', ['values'], () => ({
    session: (session) => ({
      patch: (properties, options) => {
        const entries = Object.entries(properties).map(([name, value]) => {
          const text = typeof value === 'object' ? JSON.stringify(value) : undefined
          return [name, text === undefined ? value : JSON.parse(text)]
        })
        return session.patch(Object.fromEntries(entries), options)
      },
    }),
  })),
  ofStore('repairs lone surrogates', ['values'], () => ({
    session: (session) => ({
      patch: (properties, options) => {
        const entries = Object.entries(properties).map(([name, value]) => [
          name,
          typeof value === 'string' ? value.toWellFormed() : value,
        ])
        return session.patch(Object.fromEntries(entries), options)
      },
    }),
  })),
  ofAdapter(
    'returns an empty array as an object, as cjson does',
    ['values'],
    class extends PlainAdapter {
      override out(value: JsonValue): JsonValue {
        return Array.isArray(value) && value.length === 0 ? {} : super.out(value)
      }
    },
  ),
  ofAdapter(
    'keeps numbers to 14 digits, as cjson does',
    ['values'],
    class extends PlainAdapter {
      override out(value: JsonValue): JsonValue {
        return typeof value === 'number' ? Number(value.toPrecision(14)) : super.out(value)
      }
    },
  ),
  ofBothSides(
    'returns its own objects',
    ['isolation'],
    class extends PlainAdapter {
      override out(value: JsonValue): JsonValue {
        return value
      }
    },
  ),
  ofAdapter(
    'freezes its results',
    ['isolation'],
    class extends PlainAdapter {
      override out(value: JsonValue): JsonValue {
        const given = super.out(value)
        Object.freeze(given)
        return given
      }
    },
  ),
  ofStore('keeps the objects that were passed in', ['isolation'], () => {
    const passed: Patch = {}
    return {
      session: (session) => ({
        patch: (properties, options) => {
          Object.assign(passed, properties)
          return session.patch(properties, options)
        },
        getAll: async () => ({ ...(await session.getAll()), ...structuredClone(passed as Properties) }),
      }),
    }
  }),
  ofStore('reads its arguments after the call has returned', ['isolation'], () => ({
    session: (session) => ({
      patch: async (properties, options) => {
        await Promise.resolve()
        return session.patch(properties, options)
      },
    }),
  })),
  ofStore('throws where it should reject', ['values'], () => ({
    session: (session) => ({
      patch: (properties, options) => {
        for (const value of Object.values(properties)) if (Number.isNaN(value)) throw new TypeError('NaN')
        return session.patch(properties, options)
      },
    }),
  })),
  ofStore('loses the brand and the code of an error', ['errors', 'values'], () => ({
    session: (session) => ({
      patch: async (properties, options) => {
        try {
          return await session.patch(properties, options)
        } catch (cause) {
          throw new Error('the patch failed', { cause })
        }
      },
    }),
  })),
]
