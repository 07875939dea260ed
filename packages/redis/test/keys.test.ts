import type { ContextStore } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { createClient, createCluster } from '@keyv/redis'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { freshPrefix, keysOf } from './key-space.ts'

/** Characters that could break the syntax of a key: separators, hash tags, globs, escapes, NUL, line ends, beyond the BMP. */
const pieces = [
  ...[
    'a',
    'b',
    ':',
    '::',
    '{',
    '}',
    '{}',
    '{a}',
    '}{',
    '*',
    '?',
    '[a]',
    '\\',
    '%',
    '%3A',
    '/',
    '.',
    ',',
    ' ',
  ],
  ...[
    '\u0000',
    '\n',
    '\r\n',
    '\u0001',
    'é',
    'e\u0301',
    '😀',
    '\ufeff',
    '\u2028',
    '0',
    '1',
    '-',
    '_',
    '__default__',
  ],
]
const id = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
const prefix = fc.constantFrom('p', 'p:', 'p::', 'pa', 'p:a', 'p*', 'p:1:', 'p-', 'p\\', 'p%', 'P', 'p😀')
const address = fc.record({ prefix, account: id, namespace: id, session: id })

async function collected<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of iterable) found.push(item)
  return found
}

function different<T>(items: readonly T[]): T[] {
  return [...new Set(items)].sort()
}

test('different prefixes, accounts, namespaces and sessions never share a key, whatever their names', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const client = createClient({ url: server.url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.close())
  const addresses = fc.uniqueArray(address, {
    minLength: 2,
    maxLength: 12,
    selector: (one) => JSON.stringify([one.prefix, one.account, one.namespace, one.session]),
  })
  await fc.assert(
    fc.asyncProperty(addresses, async (all) => {
      await server.command('FLUSHALL')
      const stores = new Map<string, ContextStore>()
      const storeOf = (keyPrefix: string): ContextStore => {
        const store = stores.get(keyPrefix) ?? redisStore({ client, keyPrefix })
        stores.set(keyPrefix, store)
        return store
      }
      await Promise.all(
        all.map((one, index) =>
          storeOf(one.prefix)
            .session(one)
            .patch({ index, [one.session]: one.account }),
        ),
      )
      for (const [index, one] of all.entries()) {
        const store = storeOf(one.prefix)
        expect(await store.session(one).getAll()).toEqual({ index, [one.session]: one.account })
        const ofPrefix = all.filter(({ prefix }) => prefix === one.prefix)
        const ofAccount = ofPrefix.filter(({ account }) => account === one.account)
        const ofNamespace = ofAccount.filter(({ namespace }) => namespace === one.namespace)
        const account = store.account(one.account)
        expect((await collected(store.accounts())).sort()).toEqual(different(ofPrefix.map((o) => o.account)))
        expect((await collected(account.namespaces())).map(({ name }) => name).sort()).toEqual(
          different(ofAccount.map((o) => o.namespace)),
        )
        const sessions = await collected(account.namespace(one.namespace).sessions())
        expect(sessions.map((session) => session.id).sort()).toEqual(
          different(ofNamespace.map((o) => o.session)),
        )
      }
      const [first] = all
      if (first === undefined) return
      await storeOf(first.prefix).account(first.account).namespace(first.namespace).delete()
      for (const [index, one] of all.entries()) {
        const isDeleted = (['prefix', 'account', 'namespace'] as const).every(
          (part) => one[part] === first[part],
        )
        expect(await storeOf(one.prefix).session(one).get('index')).toBe(isDeleted ? undefined : index)
      }
      for (const store of stores.values()) await store.close()
    }),
    { numRuns: 60 },
  )
})

test('the sessions of a namespace are spread over a Cluster, each in the same slot as its index entry', async () => {
  const cluster = await startCluster({ replicas: 0 })
  onTestFinished(() => cluster.stop())
  const client = createCluster({ rootNodes: cluster.rootNodes })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.close())
  const keyPrefix = freshPrefix()
  const namespace = redisStore({ client, keyPrefix }).account('{1}').namespace('{orders}{}')
  const ids = Array.from({ length: 300 }, (_, index) => `{a}${index}}`)
  await Promise.all(ids.map((session) => namespace.session(session).patch({ session })))
  const sizes = await Promise.all(
    cluster.nodes.map(async (node) => (await keysOf(node, keyPrefix)).length / (ids.length / 3)),
  )
  for (const size of sizes) expect(size).toBeGreaterThan(0.25)
  expect((await collected(namespace.sessions())).map(({ id: session }) => session).sort()).toEqual(ids.sort())
  await namespace.delete()
  expect(await collected(namespace.sessions())).toEqual([])
})
