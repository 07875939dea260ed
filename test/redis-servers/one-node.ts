import { type RedisServer, startServer } from './server-process.ts'

/** How a node is to be started. */
export interface RedisOptions {
  /** Lines of redis.conf, such as `appendonly yes`; without any, nothing is kept on disk. */
  readonly config?: readonly string[]
  /** A free one if none. */
  readonly port?: number
  /** The password of the default user; no password if none. */
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
