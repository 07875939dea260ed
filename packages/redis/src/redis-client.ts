/** What a client needs of an `AbortSignal`. */
export interface RedisAbortSignal {
  /** Whether the command is not to be sent any more. */
  readonly aborted: boolean
  /** Hears of it. */
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  /** Stops to hear. */
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What a command may come with. */
export interface RedisCommandOptions {
  /** Withdraws a command that has not been sent. */
  readonly abortSignal?: RedisAbortSignal | undefined
  /** How answers become values; empty for the client's usual way, whatever the client itself is set to. */
  readonly typeMapping?: Record<never, never>
}

/** What the three kinds of client have in common. */
export interface RedisClientLife {
  /** Whether it has been connected, or tries to be. */
  readonly isOpen: boolean
  /** Connects. */
  connect(): Promise<unknown>
  /** Closes when what is under way has been answered. */
  close(): Promise<unknown>
  /** Closes at once. */
  destroy(): unknown
  /** Hears of the client's state. */
  on(event: string, listener: (value: unknown) => void): unknown
  /** Stops to hear. */
  off(event: string, listener: (value: unknown) => void): unknown
}

/** A client of one node, as `createClient` makes it. */
export interface RedisNodeClient extends RedisClientLife {
  /** Whether a command can be sent now. */
  readonly isReady: boolean
  /** Sends a command. */
  sendCommand(args: string[], options?: RedisCommandOptions): Promise<unknown>
}

/** A client of a Cluster, as `createCluster` makes it. */
export interface RedisClusterClient extends RedisClientLife {
  /** Its masters; what it is told from the others by. */
  readonly masters: readonly unknown[]
  /** Sends a command to the node that has the key. */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: RedisCommandOptions,
  ): Promise<unknown>
}

/** What a Sentinel's client lends for some calls that have to share a connection. */
export interface RedisSentinelLease {
  /** Sends a command. */
  sendCommand(
    isReadonly: boolean | undefined,
    args: string[],
    options?: RedisCommandOptions,
  ): Promise<unknown>
}

/** A client of what Sentinels watch over, as `createSentinel` makes it. */
export interface RedisSentinelClient extends RedisClientLife, RedisSentinelLease {
  /** Runs some calls on one connection to the master. */
  use(calls: (lease: RedisSentinelLease) => Promise<unknown>): Promise<unknown>
}

/** Any of the three clients. */
export type RedisClient = RedisNodeClient | RedisClusterClient | RedisSentinelClient

/** Whether something looks like a client. */
export function isClient(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['sendCommand', 'connect', 'on', 'off'].every(
      (method) => typeof Reflect.get(value, method) === 'function',
    )
  )
}

/** Whether the client is one of a Cluster. */
export function isCluster(client: RedisClient): client is RedisClusterClient {
  return 'masters' in client
}

/** Whether the client is one of Sentinels. */
export function isSentinel(client: RedisClient): client is RedisSentinelClient {
  return 'use' in client && !isCluster(client)
}
