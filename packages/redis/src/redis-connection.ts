import { type SessionAddress, StoreUnavailableError } from '@context-store/core'
import {
  isCluster,
  isSentinel,
  type RedisAbortSignal,
  type RedisClient,
  type RedisCommandOptions,
  type RedisSentinelLease,
} from './redis-client.ts'
import { isAnswer, isMoving, isScriptForgotten, isUnauthorized, storeError, tooLate } from './redis-errors.ts'
import type { Script } from './script.ts'
import { Withdrawal } from './withdrawal.ts'

/** What the server answers to a command; an error inside an answer is one of several works that a script did. */
export type Reply = string | number | null | Error | readonly Reply[]

/** What a call is for. */
export interface Purpose {
  /** Whether it may change anything. */
  readonly isWrite: boolean
  /** Where, for errors. */
  readonly address?: Partial<SessionAddress> | undefined
}

/** How a connection behaves. */
export interface ConnectionOptions {
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs: number
  /** How many replicas have to have a write before it is answered; 0: none. */
  readonly replicas: number
  /** Whether the client ends with the store. */
  readonly ownsClient: boolean
}

interface Command {
  readonly key: string
  readonly args: string[]
  readonly isWrite: boolean
  readonly address: Partial<SessionAddress> | undefined
}

/** How long to wait before a call on a slot that moves is made again, in milliseconds. */
const movingPause = 20

/** How long to ask other nodes of a Cluster who has a slot, in milliseconds. */
const learningTime = 500

/** Answers as plain strings and numbers, whatever the client itself is set to. */
const typeMapping = {}
const plainReplies: RedisCommandOptions = { typeMapping }

const withdrawn = AbortSignal.abort()

/** The calls to the server: connected lazily, answered or failed in time, and no write sent twice. */
export class RedisConnection {
  readonly #client: RedisClient
  readonly #options: ConnectionOptions
  #connecting: Promise<void> | undefined
  #wasOpen = false
  #lastError: unknown
  #learning = false
  #refused: ((error: unknown) => void) | undefined

  constructor(client: RedisClient, options: ConnectionOptions) {
    this.#client = client
    this.#options = options
    // An 'error' that nobody listens to would end the process; the calls that fail tell their callers.
    client.on('error', this.#hear)
    this.#wasOpen = client.isOpen
  }

  /** What calls that go together have in common: in a Cluster the slot of a key, else nothing. */
  groupOf(key: string): string {
    return isCluster(this.#client) ? key : ''
  }

  /** Runs a script; the server is given its text where it does not know it. The keys share one slot. */
  run(script: Script, keys: readonly string[], args: readonly string[], purpose: Purpose): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args]
    const key = keys[0] ?? ''
    return this.send(key, ['EVALSHA', script.sha, ...rest], purpose).catch((error) => {
      if (!(error instanceof StoreUnavailableError && isScriptForgotten(error.cause))) throw error
      return this.send(key, ['EVAL', script.text, ...rest], purpose)
    })
  }

  /** Sends a command to the node that has the key. */
  send(key: string, args: string[], { isWrite, address }: Purpose): Promise<Reply> {
    const command = { key, args, isWrite, address }
    return this.#isReady() ? this.#attempt(command, this.#options.timeoutMs) : this.#connectAndSend(command)
  }

  /** Ends the client where it is the store's own. */
  close(): void {
    if (!this.#options.ownsClient) this.#client.off('error', this.#hear)
    else if (this.#client.isOpen) this.#client.destroy()
  }

  #hear = (error: unknown): void => {
    this.#lastError = error
    if (isUnauthorized(error)) this.#refused?.(error)
  }

  #isReady(): boolean {
    const client = this.#client
    const ready = 'isReady' in client && !isSentinel(client) ? client.isReady : this.#wasOpen && client.isOpen
    this.#wasOpen ||= ready
    return ready
  }

  async #connectAndSend(command: Command): Promise<Reply> {
    const { timeoutMs } = this.#options
    const end = performance.now() + timeoutMs
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(tooLate(timeoutMs, false, this.#lastError, command.address)),
        timeoutMs,
      )
      this.#connect()
        .then(resolve, (cause) => reject(storeError(cause, false, command.address)))
        .finally(() => clearTimeout(timer))
    })
    return this.#attempt(command, Math.max(1, end - performance.now()))
  }

  /** Resolves when the client can send; one attempt for all that wait for it. */
  #connect(): Promise<void> {
    const client = this.#client
    let onReady = (): void => undefined
    this.#connecting ??= new Promise<void>((resolve, reject) => {
      this.#refused = reject
      const tellsReady = 'isReady' in client && !isSentinel(client)
      if (tellsReady) {
        onReady = resolve
        client.on('ready', onReady)
      }
      if (!client.isOpen) {
        if (this.#wasOpen) reject(new Error('the client has been closed'))
        else client.connect().then(() => resolve(), reject)
      } else if (!tellsReady || client.isReady) {
        resolve()
      }
    })
      .then(() => {
        this.#wasOpen = true
      })
      .finally(() => {
        client.off('ready', onReady)
        this.#connecting = undefined
      })
    return this.#connecting
  }

  /** Sends a command, again while its slot moves: such a one is refused, so nothing happens twice. */
  #attempt(command: Command, timeoutMs: number): Promise<Reply> {
    const start = performance.now()
    return this.#sendOnce(command, timeoutMs).catch(async (error) => {
      const left = timeoutMs - (performance.now() - start) - movingPause
      if (!(error instanceof StoreUnavailableError && isMoving(error.cause)) || left <= 0) throw error
      await new Promise((resolve) => setTimeout(resolve, movingPause))
      return this.#attempt(command, left)
    })
  }

  #sendOnce(command: Command, timeoutMs: number): Promise<Reply> {
    const { isWrite, address } = command
    const { replicas, ownsClient } = this.#options
    return new Promise<Reply>((resolve, reject) => {
      // A client of the caller's may keep what it could not send, for later: what is late is withdrawn.
      const withdrawal = ownsClient ? undefined : new Withdrawal()
      let late = false
      const timer = setTimeout(() => {
        late = true
        withdrawal?.abort()
        // What was withdrawn says so before the next turn.
        this.#learnSlots(command.key)
        setImmediate(() => reject(tooLate(this.#options.timeoutMs, isWrite, this.#lastError, address)))
      }, timeoutMs)
      const answer =
        isWrite && replicas > 0
          ? this.#transmitAndWait(command, withdrawal, timeoutMs)
          : this.#transmit(command, withdrawal)
      answer.then(
        (reply) => {
          clearTimeout(timer)
          resolve(reply as Reply)
        },
        (cause) => {
          clearTimeout(timer)
          this.#learnSlots(command.key, cause)
          if (late) reject(tooLate(this.#options.timeoutMs, false, this.#lastError, address))
          else reject(storeError(cause, isWrite, address))
        },
      )
    })
  }

  /**
   * Lets the client of a Cluster find out who has a slot whose master does not answer: it learns of a promoted
   * replica only from a node that sends it on, which it never asks while it waits for the one that is gone.
   */
  #learnSlots(key: string, cause?: unknown): void {
    const client = this.#client
    if (this.#learning || !isCluster(client) || isAnswer(cause)) return
    this.#learning = true
    const withdrawals = Array.from({ length: 4 }, () => new Withdrawal())
    const asked = withdrawals.map((abortSignal) =>
      client.sendCommand(undefined, true, ['GET', key], { abortSignal, typeMapping }).catch(() => undefined),
    )
    const timer = setTimeout(() => {
      for (const withdrawal of withdrawals) withdrawal.abort()
    }, learningTime)
    Promise.allSettled(asked).then(() => {
      clearTimeout(timer)
      this.#learning = false
    })
  }

  #transmit({ key, args, isWrite }: Command, signal: RedisAbortSignal | undefined): Promise<unknown> {
    const client = this.#client
    const options = signal === undefined ? plainReplies : { abortSignal: signal, typeMapping }
    if (isCluster(client)) return client.sendCommand(key, false, args, options)
    if (isSentinel(client)) return client.sendCommand(false, args, isWrite ? once(signal) : options)
    return client.sendCommand(args, options)
  }

  /**
   * A write, and right behind it on the same connection the wait for the replicas: WAIT is about the writes of
   * the connection that it comes by. Where the write was sent on to another node its answer comes after that
   * of the wait, which then says nothing.
   */
  #transmitAndWait(
    command: Command,
    signal: RedisAbortSignal | undefined,
    timeoutMs: number,
  ): Promise<unknown> {
    const client = this.#client
    const wait = ['WAIT', String(this.#options.replicas), String(Math.ceil(timeoutMs / 2))]
    if (isSentinel(client)) {
      return client.use((lease: RedisSentinelLease) =>
        this.#confirmed(
          lease.sendCommand(false, command.args, once(signal)),
          () => lease.sendCommand(false, wait, plainReplies),
          command,
        ),
      )
    }
    return this.#confirmed(
      this.#transmit(command, signal),
      () => this.#transmit({ ...command, args: wait, isWrite: false }, signal),
      command,
    )
  }

  async #confirmed(
    write: Promise<unknown>,
    wait: () => Promise<unknown>,
    command: Command,
  ): Promise<unknown> {
    let written = false
    const writing = write.then((reply) => {
      written = true
      return reply
    })
    const waiting = wait().then((count) => (written ? Number(count) : 0))
    waiting.catch(() => undefined)
    const reply = await writing
    const confirmed = await waiting
    const { replicas } = this.#options
    if (confirmed >= replicas) return reply
    throw new StoreUnavailableError(
      `the write is on the primary, but ${confirmed} of ${replicas} replicas have confirmed it in time`,
      { address: command.address, outcome: 'unknown' },
    )
  }
}

/**
 * Options for a command that is sent once: a Sentinel's client repeats a command whose answer was lost, and
 * reads its options anew each time.
 */
function once(first: RedisAbortSignal | undefined): RedisCommandOptions {
  let sent = false
  return {
    typeMapping,
    get abortSignal() {
      if (sent) return withdrawn
      sent = true
      return first
    },
  }
}
