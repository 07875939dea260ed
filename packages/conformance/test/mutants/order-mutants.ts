import {
  type AddressKey,
  type ContextStore,
  createStore,
  createStoreWithSync,
  type HasSync,
  type NamespaceInfo,
  type PatchOutcome,
  type PatchRequest,
  promised,
  type StorageAdapter,
  type StoreRules,
} from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { PlainAdapter } from '../plain-adapter.ts'
import { type Mutant, ofStore } from './mutant.ts'

/** An adapter that writes some turns of the event loop after the call. */
function late(
  adapter: PlainAdapter,
  turns: (address: AddressKey, request: PatchRequest) => number,
): StorageAdapter {
  const patch = async (
    address: AddressKey,
    request: PatchRequest,
    rules: StoreRules,
  ): Promise<PatchOutcome> => {
    for (let turn = turns(address, request); turn > 0; turn--) await Promise.resolve()
    return adapter.patch(address, request, rules)
  }
  return { ...promised(adapter), patch }
}

export const orderMutants: readonly Mutant[] = [
  {
    name: 'lets a read overtake a write',
    rows: ['order of effects'],
    create: (options) =>
      createStore(
        late(new PlainAdapter(), () => 3),
        options,
      ),
  },
  {
    name: 'lets a short patch overtake a long one',
    rows: ['order of effects'],
    create: (options) =>
      createStore(
        late(new PlainAdapter(), (_, { lengthBound }) => Math.min(9, lengthBound / 10)),
        options,
      ),
  },
  {
    name: 'lets the first calls through in any order',
    rows: ['order of effects'],
    create: (options) => {
      let calls = 0
      return createStore(
        late(new PlainAdapter(), () => (calls++ === 0 ? 5 : 0)),
        options,
      )
    },
  },
  {
    name: 'answers a read from what an older handle remembers',
    rows: ['patch', 'order of effects', 'time to live', 'existence'],
    create: (options) => {
      const adapter = new PlainAdapter()
      const readProperties: StorageAdapter['readProperties'] = async (address, names, rules) => {
        if (names !== undefined) return adapter.readProperties(address, names, rules)
        address.memo ??= structuredClone(adapter.readProperties(address, undefined, rules))
        return structuredClone(address.memo) as Awaited<ReturnType<StorageAdapter['readProperties']>>
      }
      return createStore({ ...promised(adapter), readProperties }, options)
    },
  },
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
  ofStore('goes on with an iteration after it was closed', ['after close()'], () => ({
    account: (account) => ({
      namespaces: async function* () {
        const all: NamespaceInfo[] = []
        for await (const info of account.namespaces()) all.push(info)
        yield* all
      },
    }),
  })),
  {
    name: 'gives up what is under way when it is closed',
    rows: ['after close()'],
    create: (options) => {
      let open = true
      const adapter = new PlainAdapter()
      const patch: StorageAdapter['patch'] = async (...args) => {
        for (let turn = 0; turn < 20; turn++) await Promise.resolve()
        if (!open) throw new Error('the connection is gone')
        return adapter.patch(...args)
      }
      const close = async (): Promise<void> => {
        open = false
      }
      return createStore({ ...promised(adapter), patch, close }, options)
    },
  },
]

export const syncMutants: readonly Mutant[] = [
  {
    name: 'shows the synchronous side no write that was not awaited',
    rows: ['synchronous side'],
    sync: true,
    create: (options) => {
      const adapter = new PlainAdapter()
      return createStoreWithSync(
        late(adapter, () => 2),
        adapter,
        options,
      )
    },
  },
  {
    name: 'closes one side only',
    rows: ['synchronous side'],
    sync: true,
    create: (options): ContextStore & HasSync => {
      const adapter = new PlainAdapter()
      const one = createStoreWithSync(promised(adapter), adapter, options)
      return Object.assign(one, { sync: createStoreWithSync(promised(adapter), adapter, options).sync })
    },
  },
  {
    name: 'keeps other data on its synchronous side',
    rows: ['synchronous side'],
    sync: true,
    create: (options) => Object.assign(memoryStore(options), { sync: memoryStore(options).sync }),
  },
]
