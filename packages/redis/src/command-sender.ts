import { StoreUnavailableError } from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'
import {
  isCluster,
  isSentinel,
  type RedisAbortSignal,
  type RedisClient,
  type RedisCommandOptions,
  type RedisSentinelLease,
} from './redis-client.ts'

/** A command for the node that has a key. */
export interface Command {
  /** The key that determines the node. */
  readonly key: string
  /** The command and its arguments. */
  readonly args: string[]
  /** Whether it may change anything. */
  readonly during: CallKind
}

type Signal = RedisAbortSignal | undefined

/** Replies as plain strings and numbers, whatever the client's own setting. */
export const typeMapping: Record<never, never> = {}
const plainReplies: RedisCommandOptions = { typeMapping }

const withdrawn = AbortSignal.abort()

/** Sends each command once, with a client of any kind; if configured, waits until replicas confirm a write. */
export class CommandSender {
  readonly #client: RedisClient
  readonly #replicas: number

  /** @param replicas - how many replicas must confirm a write; 0: none */
  constructor(client: RedisClient, replicas: number) {
    this.#client = client
    this.#replicas = replicas
  }

  /** Sends a command; the signal withdraws it if it has not been sent yet. */
  send(command: Command, signal: Signal, timeoutMs: number): Promise<unknown> {
    const isConfirmed = command.during === 'write' && this.#replicas > 0
    return isConfirmed ? this.#sendAndWait(command, signal, timeoutMs) : this.#send(command, signal)
  }

  #send({ key, args, during }: Command, signal: Signal): Promise<unknown> {
    const client = this.#client
    const options = signal === undefined ? plainReplies : { abortSignal: signal, typeMapping }
    if (isCluster(client)) return client.sendCommand(key, false, args, options)
    if (isSentinel(client))
      return client.sendCommand(false, args, during === 'write' ? once(signal) : options)
    return client.sendCommand(args, options)
  }

  /**
   * Sends a write and, directly after it on the same connection, the WAIT for the replicas, which covers the writes of
   * that connection. If the write was redirected to another node, its reply comes after that of the WAIT, which then
   * proves nothing.
   */
  #sendAndWait(command: Command, signal: Signal, timeoutMs: number): Promise<unknown> {
    const client = this.#client
    const wait = ['WAIT', String(this.#replicas), String(Math.ceil(timeoutMs / 2))]
    if (isSentinel(client)) {
      return client.use((lease: RedisSentinelLease) =>
        this.#confirmed(lease.sendCommand(false, command.args, once(signal)), () =>
          lease.sendCommand(false, wait, plainReplies),
        ),
      )
    }
    return this.#confirmed(this.#send(command, signal), () =>
      this.#send({ ...command, args: wait, during: 'read' }, signal),
    )
  }

  async #confirmed(write: Promise<unknown>, wait: () => Promise<unknown>): Promise<unknown> {
    let written = false
    const writing = write.then((reply) => {
      written = true
      return reply
    })
    const waiting = wait().then(
      (count) => (written ? Number(count) : 0),
      // A refused WAIT says nothing about the write, which may have been made.
      (cause) => {
        throw new StoreUnavailableError(
          'the write may be on the primary, but the WAIT for its replicas failed',
          {
            cause,
            outcome: 'unknown',
          },
        )
      },
    )
    waiting.catch(() => undefined)
    const reply = await writing
    const confirmed = await waiting
    if (confirmed >= this.#replicas) return reply
    throw new StoreUnavailableError(
      `the write is on the primary, but only ${confirmed} of ${this.#replicas} replicas confirmed it in time`,
      { outcome: 'unknown' },
    )
  }
}

/**
 * Options for a command that must be sent only once: a Sentinel client repeats a command whose answer was lost, and
 * reads the options again each time.
 */
function once(first: Signal): RedisCommandOptions {
  let isSent = false
  return {
    typeMapping,
    get abortSignal() {
      if (isSent) return withdrawn
      isSent = true
      return first
    },
  }
}
