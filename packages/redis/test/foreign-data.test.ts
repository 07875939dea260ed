import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { answerOf, codeOf } from './answer-of.ts'
import { freshPrefix, keysOf } from './key-space.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

test.each(['1', '3'])(
  'layout %s, of another version, is refused at the start, and nothing is written',
  async (layout) => {
    const server = await startRedis({ config: ['enable-debug-command yes'] })
    onTestFinished(() => server.stop())
    const keyPrefix = freshPrefix()
    const first = redisStore({ url: server.url, keyPrefix })
    await first.session(address).patch({ a: 1 })
    await first.close()
    await server.command('SET', `${keyPrefix}{directory}layout`, layout)
    const before = await server.command('DEBUG', 'DIGEST')

    const store = redisStore({ url: server.url, keyPrefix })
    onTestFinished(() => store.close())
    const refused = { code: 'corrupt', outcome: 'not-applied' }
    expect(await answerOf(() => store.ready())).toEqual(refused)
    expect(await answerOf(() => store.session(address).patch({ a: 2 }))).toEqual(refused)
    expect(await answerOf(() => store.account('1').namespace('new').create())).toEqual(refused)
    expect(await codeOf(() => store.session(address).get('a'))).toBe('corrupt')
    expect(await codeOf(() => store.account('1').namespace('orders').listSessions())).toBe('corrupt')
    expect(await server.command('DEBUG', 'DIGEST')).toEqual(before)
  },
)

/** Values of other programs under the keys of a store. */
const foreign = {
  'a text': ['SET', 'another program’s'],
  'a list': ['RPUSH', 'a'],
  'a hash': ['HSET', 'a', 'b'],
} as const
const kinds = Object.keys(foreign) as (keyof typeof foreign)[]

test.each(kinds)('%s instead of any key is corrupt and left as it is, never missing', async (kind) => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const store = redisStore({ url: server.url, keyPrefix })
  await store.session(address).patch({ a: 1 })
  await store.close()
  const [command, ...value] = foreign[kind]
  const found: string[] = []
  for (const key of await keysOf(server, keyPrefix)) {
    const copy = await server.bytes('DUMP', key)
    if (!Buffer.isBuffer(copy)) throw new Error('no copy')
    await server.command('DEL', key)
    await server.command(command, key, ...value)
    const before = await server.bytes('DUMP', key)
    const fresh = redisStore({ url: server.url, keyPrefix })
    const session = fresh.session(address)
    const namespace = fresh.account('1').namespace('orders')
    const codes = {
      getAll: await codeOf(() => session.getAll()),
      info: await codeOf(() => session.info()),
      patch: await codeOf(() => session.patch({ b: 1 })),
      patchIf: await codeOf(() => session.patchIf({ a: 1 }, { b: 1 })),
      list: await codeOf(() => namespace.listSessions()),
    }
    await fresh.close()
    const isLeft = Buffer.isBuffer(before) && before.equals((await server.bytes('DUMP', key)) as Buffer)
    found.push(
      ...Object.entries({ ...codes, isLeft: String(isLeft) })
        .filter(([, code]) => code !== 'corrupt' && code !== 'true')
        .filter(([, code]) => code !== 'no error' || String(key).endsWith('s1:16:orders42'))
        .map(([call, code]) => `${String(key).slice(keyPrefix.length)} ${call}: ${code}`),
    )
    await server.command('RESTORE', key, '0', copy, 'REPLACE')
  }
  expect(found).toEqual([])
})
