import type { ContextStore, HasSync, NamespaceInfo, StoreOptions } from '@context-store/core'
import {
  type CheckedAddress,
  createStore,
  createStoreWithSync,
  type PatchRequest,
  type StorageAdapter,
} from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { type Alteration, alteredStore } from '../altered-store.ts'
import { PlainAdapter } from '../plain-adapter.ts'
import { promised } from '../promised.ts'
import { type Mutant, ofStore } from './mutant.ts'

/** An adapter that writes some ticks of the event loop after the call, and declares `keepsOrder`. */
function late(
  adapter: PlainAdapter,
  turns: (address: CheckedAddress, request: PatchRequest) => number,
): StorageAdapter {
  const patch: StorageAdapter['patch'] = async (address, request) => {
    for (let turn = turns(address, request); turn > 0; turn--) await Promise.resolve()
    return adapter.patch(address, request)
  }
  return { ...promised(adapter), patch, keepsOrder: true }
}

/** A mutant over {@link late}. */
function ofLate(name: string, turns: () => Parameters<typeof late>[1]): Mutant {
  return {
    name,
    rows: ['order of effects'],
    create: (options) => createStore((rules) => late(new PlainAdapter(rules), turns()), options),
  }
}

export const orderMutants: readonly Mutant[] = [
  ofLate('lets a read overtake a write', () => () => 3),
  ofLate(
    'lets a short patch overtake a long one',
    () =>
      (_, { lengthBound }) =>
        Math.min(9, lengthBound / 10),
  ),
  ofLate('lets the first calls through in any order', () => {
    let calls = 0
    return () => (calls++ === 0 ? 5 : 0)
  }),
  {
    name: 'answers a read from what an older handle remembers',
    rows: ['patch', 'order of effects', 'time to live', 'existence'],
    create: (options) =>
      createStore((rules) => {
        const adapter = new PlainAdapter(rules)
        const readProperties: StorageAdapter['readProperties'] = async (address, names) => {
          if (names !== undefined) return adapter.readProperties(address, names)
          address.memo ??= structuredClone(adapter.readProperties(address, undefined))
          return structuredClone(address.memo) as Awaited<ReturnType<StorageAdapter['readProperties']>>
        }
        return { ...promised(adapter), readProperties }
      }, options),
  },
]

export const laterMutants: readonly Mutant[] = [
  ofStore('makes an update a tick later', ['order of effects'], () => ({
    session: (session) => ({
      update: async (...args) => {
        await Promise.resolve()
        return session.update(...args)
      },
    }),
  })),
  ofStore('makes a conditional patch of an object a tick later', ['order of effects'], () => ({
    session: (session) => ({
      patchIf: async (expected, properties, options) => {
        if (Object.values(expected).some((value) => typeof value === 'object')) await Promise.resolve()
        return session.patchIf(expected, properties, options)
      },
    }),
  })),
  ofStore('makes a conditional clear of an object a tick later', ['order of effects'], () => ({
    session: (session) => ({
      clearIf: async (expected) => {
        if (Object.values(expected).some((value) => typeof value === 'object')) await Promise.resolve()
        return session.clearIf(expected)
      },
    }),
  })),
  ofStore('deletes a namespace some ticks later', ['order of effects'], () => ({
    namespace: (namespace) => ({
      delete: async () => {
        for (let turn = 0; turn < 5; turn++) await Promise.resolve()
        await namespace.delete()
      },
    }),
  })),
  ofStore('creates a namespace some ticks later', ['order of effects'], () => ({
    namespace: (namespace) => ({
      create: async (options) => {
        for (let turn = 0; turn < 5; turn++) await Promise.resolve()
        await namespace.create(options)
      },
    }),
  })),
]

export const closeMutants: readonly Mutant[] = [
  ofStore('answers after it was closed', ['after close()'], () => ({
    store: () => ({ close: async () => undefined }),
  })),
  ofStore('refuses a second close()', ['after close()'], () => {
    let closed = false
    return {
      store: (store) => ({
        close: async () => {
          if (closed) throw new Error('closed already')
          closed = true
          await store.close()
        },
      }),
    }
  }),
  ofStore('continues an iteration after it was closed', ['after close()'], () => ({
    account: (account) => ({
      namespaces: async function* () {
        const all: NamespaceInfo[] = []
        for await (const info of account.namespaces()) all.push(info)
        yield* all
      },
    }),
  })),
  ofStore('abandons pending calls when it is closed', ['after close()'], () => {
    let open = true
    return {
      session: (session) => ({
        patch: async (properties, options) => {
          await session.patch(properties, options)
          for (let turn = 0; turn < 20; turn++) await Promise.resolve()
          if (!open) throw new Error('the connection is gone')
        },
      }),
      store: (store) => ({
        close: async () => {
          open = false
          await store.close()
        },
      }),
    }
  }),
]

export const closedEarlyMutants: readonly Mutant[] = [
  ofStore('does not wait for conditional writes when it is closed', ['after close()'], () => ({
    session: (session) => ({
      patchIf: async (...args) => {
        await Promise.resolve()
        return session.patchIf(...args)
      },
    }),
  })),
  ofStore('does not wait for listings when it is closed', ['after close()'], () => ({
    namespace: (namespace) => ({
      listSessions: async (options) => {
        await Promise.resolve()
        return namespace.listSessions(options)
      },
    }),
  })),
]

export const syncMutants: readonly Mutant[] = [
  {
    name: 'makes an update of the asynchronous side a tick later',
    rows: ['synchronous side'],
    sync: true,
    create: (options) =>
      alteredBesideSync(options, (session) => ({
        update: async (...args) => {
          await Promise.resolve()
          return session.update(...args)
        },
      })),
  },
  {
    name: 'refuses a patch of one side for its options first',
    rows: ['synchronous side'],
    sync: true,
    create: (options) =>
      alteredBesideSync(options, (session) => ({
        patch: async (properties, patchOptions) => {
          if (patchOptions !== undefined) await session.patch({}, patchOptions)
          await session.patch(properties, patchOptions)
        },
      })),
  },
  {
    name: 'hides writes that were not awaited from the synchronous side',
    rows: ['synchronous side'],
    sync: true,
    create: (options) => twoSides(options, (adapter) => late(adapter, () => 2)),
  },
  {
    name: 'closes one side only',
    rows: ['synchronous side'],
    sync: true,
    create: (options) => twoSides(options, promised),
  },
  {
    name: 'keeps other data on its synchronous side',
    rows: ['synchronous side'],
    sync: true,
    create: (options) => Object.assign(memoryStore(options), { sync: memoryStore(options).sync }),
  },
]

/** Combines two stores over the same data into one, one for each side. */
function twoSides(
  options: StoreOptions,
  lifted: (adapter: PlainAdapter) => StorageAdapter,
): ContextStore & HasSync {
  let shared: PlainAdapter | undefined
  const { sync } = createStoreWithSync((rules) => {
    shared = new PlainAdapter(rules)
    return shared
  }, options)
  return Object.assign(
    createStore((rules) => lifted(shared ?? new PlainAdapter(rules)), options),
    { sync },
  )
}

/** Memory, with other sessions on its asynchronous side. */
function alteredBesideSync(options: StoreOptions, session: Alteration['session']): ContextStore & HasSync {
  const store = memoryStore(options)
  return Object.assign(alteredStore(store, session === undefined ? {} : { session }), { sync: store.sync })
}
