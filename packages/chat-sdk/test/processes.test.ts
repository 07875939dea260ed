import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatSdkState } from '@context-store/chat-sdk'
import type { ContextStore } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { sqliteStore } from '@context-store/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { numbers } from './entries.ts'

type Place = { path: string } | { url: string; keyPrefix: string }

describe.each(['SQLite', 'Redis'])('4 processes on one %s', (kind) => {
  const count = 4
  let place: Place
  let processes: ChildProcess[]
  let store: ContextStore
  let end: () => Promise<void>

  beforeEach(async () => {
    if (kind === 'SQLite') {
      const folder = await mkdtemp(join(tmpdir(), 'chat-sdk-'))
      place = { path: join(folder, 'bot.db') }
      store = sqliteStore(place)
      end = () => rm(folder, { recursive: true })
    } else {
      const server = await startRedis()
      place = { url: server.url, keyPrefix: 'bot:' }
      store = redisStore(place)
      end = () => server.stop()
    }
    const script = new URL('bot-process.mjs', import.meta.url)
    processes = Array.from({ length: count }, () => fork(script, [JSON.stringify(place)]))
    await Promise.all(processes.map((child) => once(child, 'message')))
  }, 30_000)

  afterEach(async () => {
    await Promise.all(
      processes.map((child) => {
        const exited = once(child, 'exit')
        child.disconnect()
        return exited
      }),
    )
    await store.close()
    await end()
  }, 30_000)

  /** Sends every process a task at the same moment, and waits for the results. */
  async function atOnce<T>(taskOf: (by: number) => { task: string; [name: string]: unknown }): Promise<T[]> {
    const answers = processes.map((child) => once(child, 'message'))
    for (const [by, child] of processes.entries()) child.send({ by, ...taskOf(by) })
    return (await Promise.all(answers)).map(([{ result }]) => result as T)
  }

  test('exactly one of 40 contenders acquires the lock', async () => {
    for (const ttlMs of [60_000, 60_500]) {
      const locks = (await atOnce<object[]>(() => ({ task: 'contend', times: 10, ttlMs }))).flat()
      expect(locks).toHaveLength(1)
      const state = chatSdkState(store.account('bot'))
      await state.connect()
      await state.forceReleaseLock('thread')
    }
  }, 30_000)

  test.each([0, 100])(
    'no append is lost, and the order of each process is kept (maxLength %i)',
    async (maxLength) => {
      const times = 50
      await atOnce((by) => ({ task: 'append', by, times, maxLength }))
      const state = chatSdkState(store.account('bot'))
      await state.connect()
      const list = await state.getList<{ by: number; n: number }>('list')
      expect(list).toHaveLength(maxLength || times * count)
      for (const by of processes.keys()) {
        const mine = list.filter((item) => item.by === by).map(({ n }) => n)
        expect(mine).toEqual(numbers(times - mine.length, times))
      }
    },
    30_000,
  )

  test('each entry of a queue is dequeued once', async () => {
    const times = 40
    await atOnce((by) => (by % 2 === 0 ? { task: 'enqueue', by, times } : { task: 'dequeue' })).then(
      async (taken) => {
        const rest = await atOnce<string[]>(() => ({ task: 'dequeue' }))
        const ids = [...taken, ...rest].flat().filter((id) => id !== null)
        expect(ids).toHaveLength((times * count) / 2)
        expect(new Set(ids).size).toBe(ids.length)
      },
    )
  }, 30_000)
})
