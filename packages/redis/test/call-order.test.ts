import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { answerOf } from './answer-of.ts'
import { freshPrefix } from './key-space.ts'

const address = { account: '1', namespace: 'orders', session: '42' }

async function serverForTest(): Promise<RedisServer> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  return server
}

// The members of the expected object are in another order than in Redis, which compares texts, so a second round is needed.
test('`patchIf` that needs a second round takes effect before later calls', async () => {
  const { url } = await serverForTest()
  const store = redisStore({ url, keyPrefix: freshPrefix() })
  onTestFinished(() => store.close())
  const session = store.session(address)
  await session.patch({ lock: { by: 'me', at: 1 }, step: 0 })
  const [, , step] = await Promise.all([
    session.patchIf({ lock: { at: 1, by: 'me' } }, { step: 1 }),
    session.patch({ step: 2 }),
    session.get('step'),
  ])
  expect([step, await session.get('step')]).toEqual([2, 2])
  const [claim] = await Promise.all([
    session.patchIf({ lock: { at: 1, by: 'me' } }, { won: true }),
    session.patch({ lock: 'other' }),
  ])
  expect(claim).toEqual({ ok: true })
  expect(await session.getAll()).toEqual({ lock: 'other', step: 2, won: true })
})

test('`close` waits for the second round of a `patchIf` and of a `clearIf`', async () => {
  const { url } = await serverForTest()
  const keyPrefix = freshPrefix()
  const store = redisStore({ url, keyPrefix })
  const [one, two] = ['one', 'two'].map((session) => store.session({ ...address, session }))
  await Promise.all([one?.patch({ o: { x: 1, y: 2 } }), two?.patch({ o: { x: 1, y: 2 } })])
  const calls = [one?.patchIf({ o: { y: 2, x: 1 } }, { won: true }), two?.clearIf({ o: { y: 2, x: 1 } })]
  await store.close()
  expect(await Promise.all(calls)).toEqual([{ ok: true }, { ok: true }])
  const again = redisStore({ url, keyPrefix })
  onTestFinished(() => again.close())
  expect(await again.session({ ...address, session: 'one' }).getAll()).toEqual({
    o: { x: 1, y: 2 },
    won: true,
  })
  expect(await again.session({ ...address, session: 'two' }).getAll()).toEqual({})
})

test('the time that a call waits for earlier ones counts towards its timeout', async () => {
  const server = await serverForTest()
  const store = redisStore({ url: server.url, keyPrefix: freshPrefix(), timeoutMs: 300 })
  const session = store.session(address)
  await session.patch({ n: 0 })
  server.pause()
  // Each must end with the first one or soon after; otherwise they would take 40 times as long together.
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, n) => answerOf(() => session.patch({ [`n${n}`]: n }))),
  )
  const unavailable = { code: 'unavailable', outcome: 'not-applied' }
  expect(answers).toEqual([{ ...unavailable, outcome: 'unknown' }, ...Array(39).fill(unavailable)])
  server.resume()
  await store.close()
})

test('a patch whose JSON is too long for a string is refused, and the calls around it succeed', async () => {
  const { url } = await serverForTest()
  const store = redisStore({ url, keyPrefix: freshPrefix(), limits: { documentLength: 100_000_000 } })
  const session = store.session(address)
  const tooLong = { list: Array(700).fill('x'.repeat(800_000)) }
  const answers = await Promise.all([
    answerOf(() => session.patch({ a: 1 })),
    answerOf(() => session.patch(tooLong)),
    answerOf(() => session.patchIf({ a: 1 }, tooLong)),
    answerOf(() => session.patch({ b: 2 })),
  ])
  const [done, refused] = [
    { code: 'no error', outcome: 'applied' },
    { code: 'too-large', outcome: 'not-applied' },
  ]
  expect(answers).toEqual([done, refused, refused, done])
  expect(await session.getAll()).toEqual({ a: 1, b: 2 })
  await store.close()
})

test.each([Number.NaN, 'a throw'])(
  'a call whose clock fails with %s rejects, and has no effect',
  async (failure) => {
    const { url } = await serverForTest()
    let time: number | string = 1e12
    const now = (): number => {
      if (typeof time === 'string') throw new Error(time)
      return time
    }
    const store = redisStore({ url, keyPrefix: freshPrefix(), now })
    const session = store.session(address)
    await session.patch({ a: 0, b: { x: 1, y: 2 } })
    time = failure
    const elsewhere = store.session({ ...address, namespace: 'new' })
    for (const call of [
      () => session.patch({ a: 1 }),
      () => session.patchIf({ b: { y: 2, x: 1 } }, { a: 1 }),
      () => session.update(['a'], () => ({ a: 1 })),
      () => session.delete('a'),
      () => session.clearIf({ a: 0 }),
      () => elsewhere.patch({ a: 1 }),
      () => store.account('1').namespace('new').create(),
    ]) {
      expect(await answerOf(call)).toEqual({ code: 'invalid-option', outcome: 'not-applied' })
    }
    time = 1e12
    expect(await session.getAll()).toEqual({ a: 0, b: { x: 1, y: 2 } })
    expect(await store.account('1').namespace('new').info()).toBeUndefined()
    await store.close()
  },
)
