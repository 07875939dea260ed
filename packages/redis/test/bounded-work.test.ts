import { absent, type Properties, present, type Session } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { createClient } from '@keyv/redis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { codeOf } from './answer-of.ts'
import { freshPrefix } from './key-space.ts'

/** The longest time that a command may take, in microseconds; generous, because the machine may be busy. */
const bound = 2_000_000

async function started(): Promise<RedisServer> {
  const server = await startRedis({ config: ['slowlog-log-slower-than 2000', 'slowlog-max-len 10000'] })
  onTestFinished(() => server.stop())
  return server
}

/** `count` properties with this value. */
function many(count: number, value: number): Properties {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [index.toString(36), value]))
}

/** `count` properties with 790,000 characters of JSON together. */
function long(count: number, text: string): Properties {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [index.toString(36), text.repeat(790_000 / count)]),
  )
}

test.each([
  ['90,000 properties', 90_000, many],
  ['12,000 properties', 12_000, many],
  ['790,000 characters', 10, (count: number, value: number) => long(count, `${value}`)],
  [
    '790,000 characters of three bytes',
    10,
    (count: number, value: number) => long(count, '語値'[value % 2] ?? ''),
  ],
] as const)('no call on a session of %s blocks the server for long', async (_, count, make) => {
  const server = await started()
  const store = redisStore({ url: server.url, keyPrefix: freshPrefix(), timeoutMs: 60_000 })
  onTestFinished(() => store.close())
  const session = store.account('1').namespace('orders').session('large')
  const model = new Map<string, unknown>()
  const applied = (changes: Properties): Properties => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value)
    return changes
  }
  const isRight = async (): Promise<void> => {
    expect(new Map(Object.entries(await session.getAll()))).toEqual(model)
  }
  await session.patch(applied(make(count, 1)))
  await session.patch(applied(make(count, 2)))
  await session.patch(applied({ 'a "quoted" \n name': 1 }))
  await isRight()
  expect(await session.patchIf(make(count, 1), { n: 1 })).toMatchObject({ ok: false })
  expect(await session.patchIf({ ...make(count, 2), N: absent }, applied({ N: 1 }))).toEqual({ ok: true })
  expect(await session.patchIf({ N: present, 0: present }, applied({ N: 2 }), { ttlSeconds: 3600 })).toEqual({
    ok: true,
  })
  await session.patch(applied(make(count, 3)))
  await session.patch(applied(make(count, 4)), { ttlSeconds: 0 })
  await isRight()
  const names = Object.keys(make(count, 1))
  model.delete('1')
  await session.patch({ 1: absent, ...applied({ M: 1 }) })
  const half = names.slice(0, count / 2)
  for (const name of [...half, 'N']) model.delete(name)
  await session.delete([...half, 'N', 'no such name'])
  await isRight()
  const rest = names.slice(count / 2, count - 2)
  for (const name of rest) model.delete(name)
  await session.patch(Object.fromEntries(rest.map((name) => [name, absent])))
  await isRight()
  await session.patch(applied(make(count, 5)))
  expect(await codeOf(() => session.patch({ more: 'x'.repeat(200_000), ...many(100_001 - count, 1) }))).toBe(
    'too-large',
  )
  await isRight()
  expect(await session.clearIf({ ...make(count, 5), M: 2 })).toMatchObject({ ok: false })
  expect(await session.clearIf({ ...make(count, 5), M: 1 })).toEqual({ ok: true })
  expect(await session.info()).toBeUndefined()

  const slowlog = (await server.command('SLOWLOG', 'GET', '10000')) as [number, number, number, string[]][]
  const slowest = Math.max(0, ...slowlog.map(([, , microseconds]) => microseconds))
  console.log(`the slowest command took ${slowest} microseconds`)
  expect(slowest).toBeLessThan(bound)
})

test('writes to a large session are correct while other stores keep changing it', async () => {
  const server = await started()
  const keyPrefix = freshPrefix()
  const [first, second] = [1, 2].map(() => {
    const store = redisStore({ url: server.url, keyPrefix, timeoutMs: 60_000 })
    onTestFinished(() => store.close())
    return store.account('1').namespace('orders').session('large')
  })
  if (first === undefined || second === undefined) throw new Error('two stores')
  await first.patch({ ...many(20_000, 1), turns: 0 })
  let isOver = false
  const other = (async () => {
    let n = 0
    while (!isOver) await second.patch({ [`other${n}`]: n++ })
    return n
  })()
  for (let turn = 0; turn < 20; turn++) {
    expect(await first.patchIf({ turns: turn }, { turns: turn + 1, [`own${turn}`]: true })).toEqual({
      ok: true,
    })
    await first.delete(`${turn}`)
    await first.patch({ [`1${turn}`]: absent })
  }
  isOver = true
  const written = await other
  const found = await second.getAll()
  expect(written).toBeGreaterThan(10)
  expect(found).toMatchObject({
    turns: 20,
    own0: true,
    own19: true,
  })
  for (let n = 0; n < written; n++) expect(found).toHaveProperty([`other${n}`], n)
  for (let turn = 0; turn < 20; turn++) {
    expect(found).not.toHaveProperty([`${turn}`])
    expect(found).not.toHaveProperty([`1${turn}`])
  }
  expect(found).toHaveProperty('zz', 1)
})

describe('a decision of the client about a large session to which another store appends meanwhile', () => {
  /** A store whose reads are answered only after another store has written. */
  async function contended(write: (session: Session) => Promise<void>) {
    const server = await started()
    const keyPrefix = freshPrefix()
    const other = redisStore({ url: server.url, keyPrefix, timeoutMs: 60_000 })
    onTestFinished(() => other.close())
    const theirs = other.account('1').namespace('orders').session('large')
    await theirs.patch({ ...many(20_000, 1), turn: 1 })
    const client = createClient({ url: server.url })
    await client.connect()
    onTestFinished(() => client.close())
    const sent: string[][] = []
    const limits = { properties: 20_040 }
    const send = client.sendCommand.bind(client)
    vi.spyOn(client, 'sendCommand').mockImplementation(async (args, options) => {
      sent.push(args.map(String))
      const reply = await send(args, options)
      if (args[0] === 'MGET') await write(theirs)
      return reply
    })
    const store = redisStore({ client, keyPrefix, timeoutMs: 60_000, limits })
    await store.ready()
    const ours = store.account('1').namespace('orders').session('large')
    const reads = (): number => sent.filter(([command]) => command === 'MGET').length
    const isForced = (): boolean =>
      sent.some((args) => args.some((arg) => arg === 'force' || arg.includes('|force|')))
    return { ours, theirs, reads, isForced }
  }

  test('holds if the appended lines have none of its names', async () => {
    let n = 0
    const { ours, theirs, reads, isForced } = await contended((session) => session.patch({ theirs: ++n }))
    expect(await ours.patchIf({ turn: 1, none: absent }, { turn: 2, mine: 1 }, { ttlSeconds: 60 })).toEqual({
      ok: true,
    })
    expect(await ours.patchIf({ turn: 2 }, { turn: 3 })).toEqual({ ok: true })
    expect(reads()).toBe(2)
    expect(await theirs.getMany(['turn', 'mine', 'theirs', '0'])).toEqual({
      turn: 3,
      mine: 1,
      theirs: 2,
      0: 1,
    })
    expect(await ours.clearIf({ turn: 3 })).toEqual({ ok: true })
    expect(reads()).toBe(3)
    expect(isForced()).toBe(false)
    expect(await theirs.info()).toBeUndefined()
  })

  test('is repeated if the appended lines have one of its names', async () => {
    let n = 1
    const { ours, theirs, reads } = await contended(async (session) => {
      if (n < 2) await session.patch({ turn: ++n })
    })
    expect(await ours.patchIf({ turn: 1 }, { turn: 'taken' })).toEqual({ ok: false, current: { turn: 2 } })
    expect(await ours.clearIf({ turn: 1 })).toEqual({ ok: false, current: { turn: 2 } })
    expect(reads()).toBe(3)
    expect(await theirs.get('turn')).toBe(2)
  })

  test('is repeated if the session has ended and was created again', async () => {
    let isOver = false
    const { ours, theirs } = await contended(async (session) => {
      if (isOver) return
      isOver = true
      await session.clear()
      await session.patch({ ...many(20_000, 1), turn: 7 })
    })
    expect(await ours.patchIf({ turn: 1 }, { turn: 'taken' })).toEqual({ ok: false, current: { turn: 7 } })
    expect(await theirs.get('turn')).toBe(7)
  })

  test('counts the appended lines towards the limits', async () => {
    let n = 0
    const { ours, theirs } = await contended(async (session) => {
      if (n++ === 0)
        await session.patch(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`T${i}`, i])))
    })
    const more = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`O${i}`, i]))
    expect(await codeOf(() => ours.patchIf({ turn: 1 }, more))).toBe('too-large')
    expect(Object.keys(await theirs.getAll())).toHaveLength(20_021)
  })
})
