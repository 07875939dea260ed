import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContextStore } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { redisStore } from '@context-store/redis'
import { sqliteStore } from '@context-store/sqlite'
import { afterAll, beforeAll, describe } from 'vitest'
import { startRedis } from './redis-servers/one-node.ts'
import type { RedisServer } from './redis-servers/server-process.ts'

/** Options of the stores under test: a clock that returns milliseconds. */
export interface StoreUnderTestOptions {
  readonly now?: () => number
}

/**
 * Opens a store. Two stores with the same `place` share their data, like two programs; in memory they are one store. All are closed after
 * the last test.
 */
export type OpenStore = (options?: StoreUnderTestOptions & { readonly place?: string }) => ContextStore

/** Runs the tests of a bridge in memory, on SQLite with a real file, and on a real Redis. */
export function onEachStore(tests: (open: OpenStore) => void): void {
  let opened: ContextStore[] = []
  let places = 0
  const closing = (open: (place: string, now: (() => number) | undefined) => ContextStore): OpenStore => {
    return ({ place = `fresh-${places++}`, now } = {}) => {
      const store = open(place, now)
      opened.push(store)
      return store
    }
  }
  const closeAll = async () => {
    await Promise.all(opened.map((store) => store.close()))
    opened = []
  }

  describe('memory', () => {
    const stores = new Map<string, ContextStore>()
    afterAll(closeAll)
    tests(
      closing((place, now) => {
        const store = stores.get(place) ?? memoryStore({ now })
        stores.set(place, store)
        return store
      }),
    )
  })

  describe('SQLite', () => {
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'bridge-'))
    })
    afterAll(async () => {
      await closeAll()
      await rm(folder, { recursive: true })
    })
    tests(closing((place, now) => sqliteStore({ path: join(folder, `${place}.db`), now })))
  })

  describe('Redis', () => {
    let server: RedisServer
    beforeAll(async () => {
      server = await startRedis()
    })
    afterAll(async () => {
      await closeAll()
      await server.stop()
    })
    tests(closing((place, now) => redisStore({ url: server.url, keyPrefix: `${place}:`, now })))
  })
}
