// A turn in each runtime: it reads a conversation, changes one of its properties, and writes. There are 100 conversations.
import { createMemoryState } from '@chat-adapter/state-memory'
import { createRedisState } from '@chat-adapter/state-redis'
import { chatSdkState } from '@context-store/chat-sdk'
import { ExpressSessions } from '@context-store/express-session'
import { grammyStorage } from '@context-store/grammy'
import { ContextStoreSaver } from '@context-store/langgraph'
import { agentsStorage } from '@context-store/microsoft-agents'
import { telegrafStore } from '@context-store/telegraf'
import { emptyCheckpoint, MemorySaver, uuid6 } from '@langchain/langgraph-checkpoint'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { MemoryStorage } from '@microsoft/agents-hosting'
import sqliteSessionStore from 'better-sqlite3-session-store'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import { MemorySessionStorage } from 'grammy'
import { sessionOf } from './workload.mjs'

const conversations = 100
const keyOf = (i) => `chat-${i % conversations}`

export const langGraph = {
  name: 'LangGraph',
  ours: async (account) => langGraphTurn(new ContextStoreSaver(account)),
  own: {
    memory: async () => ({ store: 'MemorySaver', turn: langGraphTurn(new MemorySaver()) }),
    SQLite: async (database) => ({ store: 'SqliteSaver', turn: langGraphTurn(new SqliteSaver(database)) }),
  },
}

/** A step: reads the newest checkpoint, stores a task's write, and stores the next checkpoint, in which one channel of four has changed. */
function langGraphTurn(saver) {
  const thread = (i) => ({ configurable: { thread_id: keyOf(i), checkpoint_ns: '' } })
  return async (i) => {
    const tuple = await saver.getTuple(thread(i))
    const config = tuple?.config ?? thread(i)
    if (tuple !== undefined) await saver.putWrites(config, [['step', i]], uuid6(0))
    const before = tuple?.checkpoint.channel_values ?? { messages: 'x'.repeat(2000), a: 1, b: 2 }
    const versions = { messages: 1, a: 1, b: 1, step: i + 1 }
    const checkpoint = {
      ...emptyCheckpoint(),
      id: uuid6(0),
      channel_values: { ...before, step: i },
      channel_versions: versions,
    }
    const metadata = { source: 'loop', step: i, parents: {} }
    await saver.put(config, checkpoint, metadata, tuple === undefined ? versions : { step: i + 1 })
  }
}

export const microsoftAgents = {
  name: 'Agents SDK',
  ours: async (account) => agentsTurn(agentsStorage(account.namespace('state'))),
  own: { memory: async () => ({ store: 'MemoryStorage', turn: await agentsTurn(new MemoryStorage()) }) },
}

async function agentsTurn(storage) {
  for (let i = 0; i < conversations; i++) await storage.write({ [keyOf(i)]: sessionOf(i) })
  return async (i) => {
    const { [keyOf(i)]: state } = await storage.read([keyOf(i)])
    state.turns = i
    state.eTag = '*'
    await storage.write({ [keyOf(i)]: state })
  }
}

export const expressSession = {
  name: 'express-session',
  ours: async (account) => expressTurn(new ExpressSessions(account.namespace('web'))),
  own: {
    memory: async () => ({ store: 'MemoryStore', turn: await expressTurn(new session.MemoryStore()) }),
    SQLite: async (client) => {
      const SqliteStore = sqliteSessionStore(session)
      const store = new SqliteStore({ client, expired: { clear: false } })
      return { store: 'better-sqlite3-session-store', turn: await expressTurn(store) }
    },
    Redis: async ({ client }) => {
      return {
        store: 'connect-redis',
        turn: await expressTurn(new RedisStore({ client, prefix: 'connect:' })),
      }
    },
  },
}

async function expressTurn(store) {
  const called = (method, ...args) =>
    new Promise((resolve, reject) => {
      store[method](...args, (error, result) => (error ? reject(error) : resolve(result)))
    })
  for (let i = 0; i < conversations; i++) {
    await called('set', keyOf(i), { ...sessionOf(i), cookie: new session.Cookie({ maxAge: 3_600_000 }) })
  }
  return async (i) => {
    const request = { sessionID: keyOf(i), sessionStore: store }
    const made = store.createSession(request, await called('get', keyOf(i)))
    made.turns = i
    made.touch()
    await called('set', keyOf(i), made)
  }
}

export const grammY = {
  name: 'grammY',
  ours: async (account) => grammyTurn(grammyStorage(account.namespace('chats'))),
  own: {
    memory: async () => ({
      store: 'MemorySessionStorage',
      turn: await grammyTurn(new MemorySessionStorage()),
    }),
  },
}

async function grammyTurn(storage) {
  for (let i = 0; i < conversations; i++) await storage.write(keyOf(i), { ...sessionOf(i) })
  return async (i) => {
    const data = await storage.read(keyOf(i))
    data.turns = i
    await storage.write(keyOf(i), data)
  }
}

export const telegraf = {
  name: 'Telegraf',
  ours: async (account) => telegrafTurn(telegrafStore(account.namespace('chats'))),
  own: { memory: async () => ({ store: 'Map', turn: await telegrafTurn(new Map()) }) },
}

async function telegrafTurn(store) {
  for (let i = 0; i < conversations; i++) await store.set(keyOf(i), { ...sessionOf(i) })
  return async (i) => {
    const data = await store.get(keyOf(i))
    data.turns = i
    await store.set(keyOf(i), data)
  }
}

export const chatSdk = {
  name: 'Chat SDK',
  ours: async (account) => chatTurn(chatSdkState(account)),
  own: {
    memory: async () => ({ store: 'state-memory', turn: await chatTurn(createMemoryState()) }),
    Redis: async ({ url }) => {
      const state = createRedisState({ url, keyPrefix: 'chat', logger: silent })
      return { store: 'state-redis', turn: await chatTurn(state) }
    },
  },
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

/** A message: acquires the lock of its thread, reads and writes the thread's state, and releases the lock. */
async function chatTurn(state) {
  await state.connect()
  for (let i = 0; i < conversations; i++) await state.set(keyOf(i), sessionOf(i))
  return async (i) => {
    const lock = await state.acquireLock(keyOf(i), 30_000)
    const data = await state.get(keyOf(i))
    await state.set(keyOf(i), { ...data, turns: i })
    await state.releaseLock(lock)
  }
}
