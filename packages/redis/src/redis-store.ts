import { type ContextStore, createStore, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { createClient } from '@keyv/redis'
import { RedisAdapter } from './redis-adapter.ts'
import { isClient, type RedisClient } from './redis-client.ts'
import { RedisConnection } from './redis-connection.ts'

/** Where the sessions are kept, and how. */
export type RedisStoreOptions = StoreOptions & {
  /**
   * What every key of the store begins with; `context-store:` if none. Stores of different prefixes on one
   * server have nothing to do with one another. At most 256 characters, no `{` or `}`, which a Cluster reads.
   */
  readonly keyPrefix?: string | undefined
  /** How long a call may take, in milliseconds, with connecting: 5,000 if none, 10 to 600,000. */
  readonly timeoutMs?: number | undefined
  /**
   * How many replicas have to have a write before it is answered (Redis: WAIT): 0 if none, to 100. Where they
   * do not confirm it within half of `timeoutMs`, the write fails with `outcome: 'unknown'`.
   */
  readonly waitForReplicas?: number | undefined
} & (
    | {
        /** `redis://` or `rediss://`, with user, password and database where there are any; one node. */
        readonly url: string
        /** Not along with `url`. */
        readonly client?: undefined
      }
    | {
        /**
         * A client of node-redis: of `createClient`, `createCluster` or `createSentinel`, as @keyv/redis gives
         * them, that of a `KeyvRedis` among them. It is connected where it is not, and stays open.
         */
        readonly client: RedisClient
        /** Not along with `client`. */
        readonly url?: undefined
      }
  )

/**
 * A store in Redis, for any number of processes at once: one node, Sentinel or Cluster.
 *
 * Each write is one script on the server, atomic for its session. The connection is made at the first call;
 * `ready()` tells whether it can be.
 *
 * @throws `InvalidOptionError` for an option that cannot be
 * @example
 * ```ts
 * const store = redisStore({ url: 'redis://localhost:6379' })
 * await store.account('577089').namespace('orders').session('c1').patch({ step: 2 })
 * ```
 */
export function redisStore(options: RedisStoreOptions): ContextStore {
  if (typeof options !== 'object' || options === null)
    throw new InvalidOptionError('redisStore: an object with url or client')
  const { url, client, keyPrefix = 'context-store:', timeoutMs = 5000, waitForReplicas = 0 } = options
  if ((url === undefined) === (client === undefined))
    throw new InvalidOptionError('url or client: one of them')
  if (
    typeof keyPrefix !== 'string' ||
    keyPrefix.length > 256 ||
    /[{}]/.test(keyPrefix) ||
    !keyPrefix.isWellFormed()
  ) {
    throw new InvalidOptionError('keyPrefix: a string of at most 256 characters, without { and }')
  }
  if (client !== undefined && !isClient(client)) {
    throw new InvalidOptionError('client: one that createClient, createCluster or createSentinel made')
  }
  checkWhole('timeoutMs', timeoutMs, 10, 600_000)
  checkWhole('waitForReplicas', waitForReplicas, 0, 100)
  const connection = new RedisConnection(client ?? clientOf(url, timeoutMs), {
    timeoutMs,
    replicas: waitForReplicas,
    ownsClient: client === undefined,
  })
  return createStore(new RedisAdapter(connection, keyPrefix), options)
}

function clientOf(url: string | undefined, timeoutMs: number): RedisClient {
  if (typeof url !== 'string' || !/^rediss?:$/.test(protocolOf(url))) {
    throw new InvalidOptionError('url: one that begins with redis:// or rediss://')
  }
  return createClient({
    url,
    // What could not be sent fails with its connection, and is not kept to be sent late.
    disableOfflineQueue: true,
    // A server that has stopped answering is noticed, and connected anew.
    pingInterval: Math.max(1000, timeoutMs),
    socket: {
      connectTimeout: timeoutMs,
      socketTimeout: 3 * Math.max(1000, timeoutMs),
      reconnectStrategy: (retries) => Math.min(2 ** retries * 10, 1000) * (0.5 + Math.random() / 2),
    },
  })
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : ''
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(`${name}: a whole number from ${least} to ${most}`)
  }
}
