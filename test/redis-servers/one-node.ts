import { type RedisServer, startServer } from './server-process.ts'

/** Options of {@link startRedis}. */
export interface RedisOptions {
  /** Lines of redis.conf, such as `appendonly yes`. By default nothing is stored on disk. */
  readonly config?: readonly string[]
  /** Default: a free port. */
  readonly port?: number
  /** The password of the default user. Default: no password. */
  readonly password?: string
}

/** Starts one Redis node. */
export function startRedis({ config = [], port, password }: RedisOptions = {}): Promise<RedisServer> {
  return startServer({
    config: ['save ""', ...(password === undefined ? [] : [`requirepass ${password}`]), ...config],
    port,
    password,
    readyText: 'Ready to accept connections',
  })
}
