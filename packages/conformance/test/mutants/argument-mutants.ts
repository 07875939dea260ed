import {
  ContextStoreError,
  InvalidValueError,
  type JsonValue,
  type Patch,
  type Session,
  TooLargeError,
} from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { alteredStore } from '../altered-store.ts'
import { type Mutant, ofStore } from './mutant.ts'

type PatchArguments = Parameters<Session['patch']>

/** A mutant whose `patch` treats its arguments differently. */
function ofPatch(
  name: string,
  rows: readonly string[],
  patch: (session: Session, ...args: PatchArguments) => Promise<void>,
): Mutant {
  return ofStore(name, rows, () => ({
    session: (session) => ({ patch: (...args) => patch(session, ...args) }),
  }))
}

/** The elements of every array, without other members. */
function withoutNamedMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 1e6 ? value : Array.from(value, withoutNamedMembers)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  const entries = Object.entries(value).map(([name, inner]) => [name, withoutNamedMembers(inner)])
  return Object.fromEntries(entries)
}

function hasCycle(value: unknown): boolean {
  try {
    JSON.stringify(value)
    return false
  } catch {
    return true
  }
}

/** Mutants that refuse the wrong arguments, at the wrong time, or with the wrong error. */
export const argumentMutants: readonly Mutant[] = [
  ofPatch('drops the named members of an array', ['values'], (session, properties, options) =>
    session.patch(hasCycle(properties) ? properties : (withoutNamedMembers(properties) as Patch), options),
  ),
  ofPatch('writes a patch out to find its length', ['size'], async (session, properties, options) => {
    try {
      await session.patch(properties, options)
    } catch (error) {
      const { list } = properties as { list?: JsonValue }
      if (ContextStoreError.is(error, 'too-large') && list !== undefined)
        throw new RangeError('string too long')
      throw error
    }
  }),
  ofPatch(
    'ignores the options that a patch does not have',
    ['options', 'errors'],
    (session, properties, options) => session.patch(properties, { ttlSeconds: options?.ttlSeconds }),
  ),
  ofPatch('looks at the options after the patch', ['options'], async (session, properties, options) => {
    await session.patch(properties)
    if (options !== undefined) await session.patch({}, options)
  }),
  ofPatch('does not say where an error happened', ['errors'], async (session, properties, options) => {
    try {
      await session.patch(properties, options)
    } catch (error) {
      if (ContextStoreError.is(error, 'too-large')) throw new TooLargeError(error.message)
      if (ContextStoreError.is(error, 'invalid-value')) throw new InvalidValueError(error.path, error.reason)
      throw error
    }
  }),
  ofStore('gives only the account in the address of an error', ['errors'], () => ({
    session: (session) => ({
      clearIf: async (expected) => {
        try {
          return await session.clearIf(expected)
        } catch (error) {
          const { account } = session.address
          if (!ContextStoreError.is(error, 'invalid-value')) throw error
          throw new InvalidValueError(error.path, error.reason, { address: { account } })
        }
      },
    }),
  })),
  ofStore('ignores the options that a creation does not have', ['options', 'errors'], () => ({
    namespace: (namespace) => ({
      create: (options) => namespace.create({ ttlSeconds: options?.ttlSeconds }),
    }),
  })),
  ofStore('ignores the options that a listing does not have', ['options', 'errors'], () => ({
    namespace: (namespace) => ({
      listSessions: (options) => {
        const { cursor, limit, properties } = options ?? {}
        return namespace.listSessions({ cursor, limit, ...(properties !== undefined && { properties }) })
      },
    }),
  })),
  {
    name: 'ignores the options that a store does not have',
    rows: ['options'],
    create: ({ namespaces, limits, now }) =>
      alteredStore(memoryStore({ namespaces, limits, ...(now && { now }) }), {}),
  },
  ofStore('waits for an asynchronous `change`', ['update'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        const current = await session.getMany(names)
        const properties = await change(current)
        return session.update(names, () => properties, options)
      },
    }),
  })),
  ofStore('silently writes nothing for an asynchronous `change`', ['update'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        try {
          return await session.update(names, change, options)
        } catch (error) {
          if (ContextStoreError.is(error, 'invalid-option') && error.message.includes('promise')) {
            return session.getMany(names)
          }
          throw error
        }
      },
    }),
  })),
  ofStore('calls `change` before it checks the options', ['update', 'options'], () => ({
    session: (session) => ({
      update: async (names, change, options) => {
        if (typeof change === 'function' && names.length === 1) change({})
        return session.update(names, change, options)
      },
    }),
  })),
  ofStore('treats any result of `change` but an object as no patch', ['update'], () => ({
    session: (session) => ({
      update: (names, change, options) => {
        if (typeof change !== 'function') return session.update(names, change, options)
        const checked: typeof change = (current) => {
          const properties: unknown = change(current)
          return typeof properties === 'object' && properties !== null ? (properties as Patch) : undefined
        }
        return session.update(names, checked, options)
      },
    }),
  })),
  ofStore('checks the arguments of a call before it checks whether it is closed', ['after close()'], () => {
    const open = memoryStore()
    return {
      session: (session) => ({
        patch: async (...args) => {
          await open.session({ account: 'any', namespace: 'any' }).patch(...args)
          await session.patch(...args)
        },
      }),
    }
  }),
]
