// The memory store compared with a bare Map of objects changed in place, and with other stores in memory.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { memoryStore } from '@context-store/memory'
import { compare, round3 } from './measure.mjs'
import { peer } from './peers.mjs'
import { patch3, patch3n, seeded, sessionOf, sessionOfSize, some3 } from './workload.mjs'

/** Creations per round: created sessions stay, and there are many rounds and candidates. */
const most = 4000

export async function memory({ pace, progress }) {
  const context = { pace, progress, backend: 'memory' }
  const rows = []
  const { limits, ours } = await bothSides(pace.sessions)
  for (const operation of ['patch3', 'patch3n', 'getAll', 'getOne', 'getSome3', 'create', 'list100']) {
    const candidates = [limits.sync, ours.sync].flatMap((side) => side[operation] ?? [])
    rows.push(...(await compare({ ...context, operation: `sync ${operation}`, candidates })))
  }
  const peers = await asyncPeers(pace.sessions)
  for (const operation of ['patch3', 'getAll', 'getOne', 'create']) {
    const candidates = [limits.async, ours.async, ...peers].flatMap((side) => side[operation] ?? [])
    rows.push(...(await compare({ ...context, operation: `async ${operation}`, candidates })))
  }
  for (const size of [10, 100, 1000]) rows.push(...(await bySize(size, context)))
  rows.push(...growth(pace, progress))
  return rows
}

async function bothSides(count) {
  const map = new Map()
  const store = memoryStore()
  const namespace = store.account('577089').namespace('orders')
  const syncNamespace = store.sync.account('577089').namespace('orders')
  const ids = Array.from({ length: count }, (_, i) => `session-${i}`)
  const handles = ids.map((id) => namespace.session(id))
  const syncHandles = ids.map((id) => syncNamespace.session(id))
  for (let i = 0; i < count; i++) {
    map.set(ids[i], sessionOf(i))
    syncHandles[i].patch(sessionOf(i))
  }
  const next = seeded()
  const id = () => ids[next(count)]
  const limit = (isSync, call, verify) => ({
    name: isSync ? 'bare Map' : 'bare async Map',
    role: 'limit',
    isSync,
    call,
    verify,
  })
  const our = (isSync, call) => ({
    name: isSync ? 'memoryStore, sync' : 'memoryStore',
    role: 'ours',
    isSync,
    call,
    verify: () => {
      const { step, ...others } = syncHandles[0].getAll()
      if (typeof step !== 'number' || Object.keys(others).length !== 11)
        throw new Error('a session is incomplete')
    },
  })
  const bare = {
    patch: async (at, properties) => {
      Object.assign(map.get(at), properties)
    },
    getAll: async (at) => map.get(at),
    get: async (at, name) => map.get(at)[name],
    create: async (at, properties) => {
      map.set(at, properties)
    },
  }
  return {
    limits: {
      sync: {
        patch3: limit(true, (i) => Object.assign(map.get(id()), patch3(i))),
        patch3n: limit(true, (i) => Object.assign(map.get(id()), patch3n(i))),
        getAll: limit(true, () => map.get(id())),
        getOne: limit(true, () => map.get(id()).step),
        getSome3: limit(true, () => {
          const session = map.get(id())
          return Object.fromEntries(some3.map((name) => [name, session[name]]))
        }),
        create: { ...limit(true, (i) => map.set(`new-${i}`, sessionOf(i))), most },
      },
      async: {
        patch3: limit(false, (i) => bare.patch(id(), patch3(i))),
        getAll: limit(false, () => bare.getAll(id())),
        getOne: limit(false, () => bare.get(id(), 'step')),
        create: { ...limit(false, (i) => bare.create(`new-${i}`, sessionOf(i))), most },
      },
    },
    ours: {
      sync: {
        patch3: our(true, (i) => syncHandles[next(count)].patch(patch3(i))),
        patch3n: our(true, (i) => syncHandles[next(count)].patch(patch3n(i))),
        getAll: our(true, () => syncHandles[next(count)].getAll()),
        getOne: our(true, () => syncHandles[next(count)].get('step')),
        getSome3: our(true, () => syncHandles[next(count)].getMany(some3)),
        create: { ...our(true, (i) => syncNamespace.session(`new-${i}`).patch(sessionOf(i))), most },
        list100: our(true, () => syncNamespace.listSessions()),
      },
      async: {
        patch3: our(false, (i) => handles[next(count)].patch(patch3(i))),
        getAll: our(false, () => handles[next(count)].getAll()),
        getOne: our(false, () => handles[next(count)].get('step')),
        create: { ...our(false, (i) => namespace.session(`new-async-${i}`).patch(sessionOf(i))), most },
      },
    },
  }
}

/** Peers that store whole sessions: a patch is a read, a merge and a write. */
async function asyncPeers(count) {
  const { default: Keyv } = peer('keyv')
  const { createStorage } = peer('unstorage')
  const { InMemoryStore } = peer('@langchain/langgraph-checkpoint')
  const { MemoryStorage } = peer('@microsoft/agents-hosting')
  const { LRUCache } = peer('lru-cache')
  const keyv = new Keyv()
  const storage = createStorage()
  const graph = new InMemoryStore()
  const bots = new MemoryStorage()
  const cache = new LRUCache({ max: 1_000_000 })
  const kept = {
    keyv: {
      get: (id) => keyv.get(id),
      set: (id, value) => keyv.set(id, value),
      isolates: true,
    },
    unstorage: {
      get: (id) => storage.getItem(id),
      set: (id, value) => storage.setItem(id, value),
      isolates: true,
    },
    'LangGraph InMemoryStore': {
      get: async (id) => (await graph.get(['orders'], id)).value,
      set: (id, value) => graph.put(['orders'], id, value),
      isolates: false,
    },
    'Microsoft MemoryStorage': {
      get: async (id) => (await bots.read([id]))[id],
      set: (id, value) => bots.write({ [id]: value }),
      isolates: true,
    },
    'lru-cache': {
      get: async (id) => cache.get(id),
      set: async (id, value) => {
        cache.set(id, value)
      },
      isolates: false,
    },
  }
  const next = seeded()
  const id = () => `session-${next(count)}`
  return Promise.all(
    Object.entries(kept).map(async ([name, { get, set, isolates }]) => {
      for (let i = 0; i < count; i++) await set(`session-${i}`, sessionOf(i))
      const doing = (call) => ({
        name,
        role: 'peer',
        isPeerThatDoes: isolates,
        call,
        verify: () => (isolates ? '' : 'returns its own objects'),
      })
      return {
        patch3: doing(async (i) => {
          const at = id()
          await set(at, { ...(await get(at)), ...patch3(i) })
        }),
        getAll: doing(() => get(id())),
        getOne: doing(async () => (await get(id())).step),
        create: { ...doing((i) => set(`new-${i}`, sessionOf(i))), most },
      }
    }),
  )
}

async function bySize(size, { pace, progress, backend }) {
  const store = memoryStore()
  const session = store.sync.session({ account: 'a', namespace: 'n', session: 's' })
  session.patch(sessionOfSize(size, 1))
  const ours = (call) => ({ name: 'memoryStore, sync', role: 'ours', isSync: true, call })
  const patch = (i) => session.patch({ property0: i, property1: -i, property2: `changed ${i}` })
  const rows = []
  for (const [operation, call] of [
    ['patch3', patch],
    ['getAll', () => session.getAll()],
  ]) {
    const title = `${operation}, session of ${size}`
    rows.push(...(await compare({ backend, operation: title, candidates: [ours(call)], pace, progress })))
  }
  return rows
}

/** The cost of the store as it grows, with a separate process for each size. */
function growth(pace, progress) {
  const sizes = pace.isShort ? [1000] : [1000, 10_000, 100_000, 1_000_000]
  const program = fileURLToPath(new URL('memory-growth.mjs', import.meta.url))
  return sizes.flatMap((size) =>
    ['bare Map', 'memoryStore'].flatMap((candidate) => {
      progress(`memory growth: ${candidate}, ${size} sessions`)
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--expose-gc', '--max-old-space-size=8000', program, candidate, String(size), String(pace.roundMs)],
        { encoding: 'utf8' },
      )
      if (status !== 0) throw new Error(`memory-growth failed: ${stderr}`)
      const { bytes, rates } = JSON.parse(stdout)
      const role = candidate === 'bare Map' ? 'limit' : 'ours'
      const common = { backend: 'memory', candidate, role, runs: 1, spread: 0, note: '' }
      const rest = { p50: null, p99: null, ratioToLimit: null, ratioToBestPeer: null }
      return [
        {
          ...common,
          ...rest,
          operation: `bytes a session, ${size} sessions`,
          opsPerSecond: null,
          value: round3(bytes),
          unit: 'bytes',
        },
        ...Object.entries(rates).map(([operation, rate]) => ({
          ...common,
          ...rest,
          operation: `${operation}, ${size} sessions`,
          opsPerSecond: Math.round(rate),
        })),
      ]
    }),
  )
}
