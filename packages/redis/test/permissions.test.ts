import { readFileSync } from 'node:fs'
import { absent, type ContextStore, type Namespace } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { createClient } from '@keyv/redis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { answerOf } from './answer-of.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const [, rules = ''] = /ACL SETUSER context-store on '>password' ([\s\S]*?)```/.exec(readme) ?? []
const words = rules.replace(/\\\n/g, ' ').trim().split(/\s+/)
const commands = words.filter((word) => word.startsWith('+')).map((word) => word.slice(1))

let server: RedisServer
let admin: ReturnType<typeof createClient>
let filling: ContextStore
beforeAll(async () => {
  server = await startRedis({ config: ['enable-debug-command yes'] })
  admin = createClient({ url: server.url })
  await admin.connect()
  filling = redisStore({ client: admin })
})
afterAll(async () => {
  await filling.close()
  admin.destroy()
  await server.stop()
})

async function userWithout(denied?: string): Promise<ContextStore> {
  const name = `without-${denied ?? 'nothing'}`
  const granted = words.map((word) => word.replaceAll("'", '')).filter((word) => word !== `+${denied}`)
  await admin.sendCommand(['ACL', 'SETUSER', name, 'on', '>k', ...granted])
  const store = redisStore({ url: `redis://${name}:k@127.0.0.1:${server.port}` })
  onTestFinished(() => store.close())
  return store
}

/** More names than a script handles. */
const manyNames = Array.from({ length: 2001 }, (_, index) => `none${index}`)

/** Every kind of call. */
const calls: Readonly<Record<string, (store: ContextStore, orders: Namespace) => Promise<unknown>>> = {
  ready: (store) => store.ready(),
  'a first patch': (store) => store.account('1').namespace('new').session('s').patch({ a: 1 }),
  'a patch': (_, orders) => orders.session('s').patch({ a: 2 }),
  'a patch of a new session': (_, orders) => orders.session('t').patch({ a: 2 }),
  'a patch with a time to live': (_, orders) => orders.session('s').patch({ a: 3 }, { ttlSeconds: 60 }),
  'a patch that prolongs': (_, orders) => orders.session('ttl').patch({ a: 3 }),
  'a patch that ends a time to live': (_, orders) => orders.session('ttl').patch({ a: 4 }, { ttlSeconds: 0 }),
  'a patch that removes': (_, orders) => orders.session('s').patch({ a: absent, b: 5 }),
  'a patch that grows': (_, orders) => orders.session('s').patch({ long: 'x'.repeat(1000) }),
  'a long patch': (_, orders) => orders.session('s').patch({ long: 'x'.repeat(200_000) }),
  'a long patch of a new session': (_, orders) => orders.session('t').patch({ long: 'x'.repeat(200_000) }),
  patchIf: (_, orders) => orders.session('s').patchIf({ b: 1 }, { b: 1, c: 2 }),
  update: (_, orders) => orders.session('s').update(['b'], () => ({ d: 2 })),
  delete: (_, orders) => orders.session('s').delete('b'),
  'delete of all': (_, orders) => orders.session('s').delete(['a', 'b', 'c']),
  'delete of many names': (_, orders) => orders.session('long').delete(['a', ...manyNames]),
  'delete with a time to live': (_, orders) => orders.session('ttl').delete('b'),
  clear: (_, orders) => orders.session('s').clear(),
  clearIf: (_, orders) => orders.session('s').clearIf({ b: 1 }),
  'a read': (_, orders) => orders.session('s').getAll(),
  'a read of nothing': (_, orders) => orders.session('none').getAll(),
  'a listing': (_, orders) => orders.listSessions({ properties: true }),
  accounts: async (store) => {
    for await (const _ of store.accounts());
  },
  namespaces: async (store) => {
    for await (const _ of store.account('1').namespaces());
  },
  'the info of a namespace': (_, orders) => orders.info(),
  create: (store) => store.account('1').namespace('made').create({ ttlSeconds: 60 }),
  'create with another time to live': (_, orders) => orders.create({ ttlSeconds: 60 }),
  'delete of the namespace': (_, orders) => orders.delete(),
}

/** Everything that the server stores, independent of the passing of time. */
async function contents(): Promise<string> {
  const keys = (await admin.sendCommand<string[]>(['KEYS', '*'])).sort()
  const lines = keys.map(async (key) => {
    const digest = await admin.sendCommand(['DEBUG', 'DIGEST-VALUE', key])
    return `${key} ${digest} ${await admin.sendCommand(['PEXPIRETIME', key])}`
  })
  return (await Promise.all(lines)).join('\n')
}

/** Fills the server, and returns what it stores. */
async function filled(): Promise<string> {
  await admin.sendCommand(['FLUSHALL'])
  const orders = filling.account('1').namespace('orders')
  await orders.session('s').patch({ a: 1, b: 1, c: 1 })
  await orders.session('ttl').patch({ a: 1, b: 1 }, { ttlSeconds: 1000 })
  await orders.session('long').patch({ a: 1, b: 'x'.repeat(70_000) })
  return contents()
}

test('a user with the commands and keys of the README may make every call', async () => {
  expect(commands.length).toBeGreaterThan(20)
  const store = await userWithout()
  for (const [what, call] of Object.entries(calls)) {
    await filled()
    const answer = await answerOf(() => call(store, store.account('1').namespace('orders')))
    expect({ what, ...answer }).toEqual({ what, code: 'no error', outcome: 'applied' })
  }
})

/** Commands that a store uses in the background, so that no call fails without them. */
const byTheWay = [
  'info', // ready() cannot check the policy
  'ping', // sent by the client
  'zrandmember',
  'hrandfield', // freeing what expired, and continuing deletions
]

test.each(commands)(
  'without the command %s, a call either succeeds or is unauthorized and changes nothing',
  async (denied) => {
    const store = await userWithout(denied)
    let refused = 0
    let before = await filled()
    for (const [what, call] of Object.entries(calls)) {
      const answer = await answerOf(() => call(store, store.account('1').namespace('orders')))
      if (answer.code === 'no error') {
        before = await filled()
        continue
      }
      refused++
      expect({ what, ...answer }).toEqual({ what, code: 'unauthorized', outcome: 'not-applied' })
      expect({ what, contents: await contents() }).toEqual({ what, contents: before })
    }
    if (!byTheWay.includes(denied)) expect(refused).toBeGreaterThan(0)
  },
)
