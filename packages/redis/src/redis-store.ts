import { type ContextStore, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStore, storeOptionNames } from '@context-store/core/adapter'
import { createClient } from '@keyv/redis'
import { RedisAdapter } from './redis-adapter.ts'
import { isClient, type RedisClient } from './redis-client.ts'
import { RedisConnection } from './redis-connection.ts'

/** The options of {@link redisStore}. */
export type RedisStoreOptions = StoreOptions & {
  /**
   * The prefix of every key of the store, default `context-store:`; stores with different prefixes on one server are
   * independent. At most 256 characters, without `{` and `}`, which have a meaning in a Cluster.
   */
  readonly keyPrefix?: string | undefined
  /** How long a call may take in milliseconds, including connecting and waiting: 10 to 600,000, default 5,000. */
  readonly timeoutMs?: number | undefined
  /**
   * How many replicas must confirm a write before it resolves (Redis: WAIT): 0 to 100, default 0. If they do not
   * confirm it within half of `timeoutMs`, the write rejects with `outcome: 'unknown'`.
   */
  readonly waitForReplicas?: number | undefined
} & (
    | {
        /** The URL of one node: `redis://` or `rediss://`, optionally with user, password and database. */
        readonly url: string
        /** Not together with `url`. */
        readonly client?: undefined
      }
    | {
        /**
         * A node-redis client from `createClient`, `createCluster` or `createSentinel`, as exported by @keyv/redis, or
         * the client of a `KeyvRedis`. The store connects it if necessary, and never closes it.
         */
        readonly client: RedisClient
        /** Not together with `client`. */
        readonly url?: undefined
      }
  )

const optionNames = [...storeOptionNames, 'url', 'client', 'keyPrefix', 'timeoutMs', 'waitForReplicas']

/**
 * A store in Redis, for any number of processes at once: one node, Sentinel or Cluster.
 *
 * Each write is one script on the server, atomic for its session. The store connects at the first call; `ready()`
 * checks that it can.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @example
 * ```ts
 * const store = redisStore({ url: 'redis://localhost:6379' })
 * await store.account('577089').namespace('orders').session('c1').patch({ step: 2 })
 * ```
 */
export function redisStore(options: RedisStoreOptions): ContextStore {
  const {
    url,
    client,
    keyPrefix = 'context-store:',
    timeoutMs = 5000,
    waitForReplicas = 0,
    ...rest
  } = checkedOptions(options, optionNames, 'redisStore')
  if ((url === undefined) === (client === undefined)) {
    throw new InvalidOptionError('redisStore: pass either url or client')
  }
  if (
    typeof keyPrefix !== 'string' ||
    keyPrefix.length > 256 ||
    /[{}]/.test(keyPrefix) ||
    !keyPrefix.isWellFormed()
  ) {
    throw new InvalidOptionError('keyPrefix: must be a string of at most 256 characters, without { and }')
  }
  if (client !== undefined && !isClient(client)) {
    throw new InvalidOptionError('client: must come from createClient, createCluster or createSentinel')
  }
  checkWhole('timeoutMs', timeoutMs, 10, 600_000)
  checkWhole('waitForReplicas', waitForReplicas, 0, 100)
  return createStore((rules) => {
    const ownClient = (): RedisClient => clientOf(url, timeoutMs)
    const connection = new RedisConnection(client ?? ownClient(), {
      timeoutMs,
      replicas: waitForReplicas,
      createClient: client === undefined ? ownClient : undefined,
    })
    return new RedisAdapter(connection, keyPrefix, timeoutMs, rules)
  }, rest)
}

const encode = 'percent-encode special characters in the user and the password'

function clientOf(url: string | undefined, timeoutMs: number): RedisClient {
  if (typeof url !== 'string' || !/^rediss?:\/\//i.test(url)) {
    throw new InvalidOptionError('url: must begin with redis:// or rediss://')
  }
  if (!URL.canParse(url))
    throw new InvalidOptionError(`url: is not a valid URL: check the port, and ${encode}`)
  try {
    return createClient({
      url,
      // A command that cannot be sent fails with its connection, and is not queued to be sent later.
      disableOfflineQueue: true,
      // Detects a server that has stopped answering, and reconnects.
      pingInterval: Math.max(1000, timeoutMs),
      socket: {
        connectTimeout: timeoutMs,
        socketTimeout: 3 * Math.max(1000, timeoutMs),
        reconnectStrategy: (retries) => Math.min(2 ** retries * 10, 1000) * (0.5 + Math.random() / 2),
      },
    })
  } catch (cause) {
    throw new InvalidOptionError(
      `url: the client does not accept it: check the database number, and ${encode}`,
      { cause },
    )
  }
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(`${name}: must be a whole number from ${least} to ${most}`)
  }
}
