/** The members of `AbortSignal` that a client uses. */
export interface RedisAbortSignal {
  /** Whether the command must no longer be sent. */
  readonly aborted: boolean
  /** Adds a listener for the abort. */
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  /** Removes a listener. */
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The options of a command. */
export interface RedisCommandOptions {
  /** Withdraws a command that has not been sent yet. */
  readonly abortSignal?: RedisAbortSignal | undefined
  /** How replies are converted; empty for plain strings and numbers, whatever the client's own setting. */
  readonly typeMapping?: Record<never, never>
}

/** The members that all three kinds of client have. */
export interface RedisClientLife {
  /** Whether it is connected, or tries to connect. */
  readonly isOpen: boolean
  /** Connects. */
  connect(): Promise<unknown>
  /** Closes after the pending commands have been answered. */
  close(): Promise<unknown>
  /** Closes at once. */
  destroy(): unknown
  /** Adds a listener. */
  on(event: string, listener: (value: unknown) => void): unknown
  /** Removes a listener. */
  off(event: string, listener: (value: unknown) => void): unknown
}

/** A client of one node, as `createClient` creates it. */
export interface RedisNodeClient extends RedisClientLife {
  /** Whether a command can be sent now. */
  readonly isReady: boolean
  /** Sends a command. */
  sendCommand(args: string[], options?: RedisCommandOptions): Promise<unknown>
}

/** A client of a Cluster, as `createCluster` creates it. */
export interface RedisClusterClient extends RedisClientLife {
  /** Its primaries. Only this kind of client has this member. */
  readonly masters: readonly unknown[]
  /** Sends a command to the node that has the key. */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: RedisCommandOptions,
  ): Promise<unknown>
}

/** A lease of a Sentinel client's connection, for calls that must share one. */
export interface RedisSentinelLease {
  /** Sends a command. */
  sendCommand(
    isReadonly: boolean | undefined,
    args: string[],
    options?: RedisCommandOptions,
  ): Promise<unknown>
}

/** A client of a primary watched by Sentinels, as `createSentinel` creates it. */
export interface RedisSentinelClient extends RedisClientLife, RedisSentinelLease {
  /** Runs calls on one connection to the primary. */
  use(calls: (lease: RedisSentinelLease) => Promise<unknown>): Promise<unknown>
}

/** Any of the three clients. */
export type RedisClient = RedisNodeClient | RedisClusterClient | RedisSentinelClient

/** Whether a value looks like a client. */
export function isClient(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['sendCommand', 'connect', 'on', 'off'].every(
      (method) => typeof Reflect.get(value, method) === 'function',
    )
  )
}

/** Whether it is the client of a Cluster. */
export function isCluster(client: RedisClient): client is RedisClusterClient {
  return 'masters' in client
}

/** Whether it is the client of a primary watched by Sentinels. */
export function isSentinel(client: RedisClient): client is RedisSentinelClient {
  return 'use' in client && !isCluster(client)
}

/** Whether it is the client of one node, which has `isReady`. */
export function isNode(client: RedisClient): client is RedisNodeClient {
  return 'isReady' in client && !isSentinel(client)
}
