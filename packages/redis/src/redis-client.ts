/** The part of an `AbortSignal` that a client uses. */
export interface RedisAbortSignal {
  /** Whether the command must not be sent any more. */
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
  /** How replies become values; empty for plain strings and numbers, whatever the client itself is set to. */
  readonly typeMapping?: Record<never, never>
}

/** What the three kinds of client have in common. */
export interface RedisClientLife {
  /** Whether it is connected, or tries to connect. */
  readonly isOpen: boolean
  /** Connects. */
  connect(): Promise<unknown>
  /** Closes when the commands under way have been answered. */
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
  /** Its primaries; only this kind of client has the member. */
  readonly masters: readonly unknown[]
  /** Sends a command to the node that has the key. */
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: RedisCommandOptions,
  ): Promise<unknown>
}

/** What a Sentinel client lends to calls that must share a connection. */
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

/** Whether it is the client of one node, which tells whether it can send. */
export function isNode(client: RedisClient): client is RedisNodeClient {
  return 'isReady' in client && !isSentinel(client)
}
