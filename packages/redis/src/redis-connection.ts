import { ContextStoreError } from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'
import { type Command, CommandSender, typeMapping } from './command-sender.ts'
import { isCluster, isNode, type RedisClient } from './redis-client.ts'
import {
  type ErrorReply,
  errorOf,
  isAborted,
  isAnswer,
  isMoving,
  isScriptUnknown,
  isUnauthorized,
  timeoutError,
} from './redis-errors.ts'
import type { Script } from './script.ts'
import { Withdrawal } from './withdrawal.ts'

/** A reply of the server; an error within an array belongs to one of several works of a script. */
export type Reply = string | number | null | ErrorReply | readonly Reply[]

/** How a connection behaves. */
export interface ConnectionOptions {
  /** How long a command may take, in milliseconds, with connecting. */
  readonly timeoutMs: number
  /** How many replicas must confirm a write before it is answered; 0: none. */
  readonly replicas: number
  /** Whether to close the client with the store. */
  readonly ownsClient: boolean
}

/** How long to wait before a call is repeated whose slot moves, in milliseconds. */
const movingPause = 20

/** How long to ask other nodes of a Cluster which of them has a slot, in milliseconds. */
const learningTime = 500

/** The commands to the server: connects at the first one, answers or fails in time, sends no write twice. */
export class RedisConnection {
  readonly #client: RedisClient
  readonly #options: ConnectionOptions
  readonly #sender: CommandSender
  #connecting: Promise<void> | undefined
  #wasOpen = false
  #lastError: unknown
  #learning = false
  #refused: ((error: unknown) => void) | undefined

  constructor(client: RedisClient, options: ConnectionOptions) {
    this.#client = client
    this.#options = options
    this.#sender = new CommandSender(client, options.replicas)
    // An 'error' event without a listener would end the process; the calls that fail tell their callers.
    client.on('error', this.#noteError)
    this.#wasOpen = client.isOpen
  }

  /** The group of calls that one message can hold: in a Cluster those of a key's bucket, else all. */
  groupOf(key: string): string {
    return isCluster(this.#client) ? key : ''
  }

  /** Runs a script, and sends its text if the server does not know it. The keys share one slot. */
  run(
    { sha, text }: Script,
    keys: readonly string[],
    args: readonly string[],
    during: CallKind,
  ): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args]
    const key = keys[0] ?? ''
    return this.send(key, ['EVALSHA', sha, ...rest], during).catch((error) => {
      if (!isRefused(error, isScriptUnknown)) throw error
      return this.send(key, ['EVAL', text, ...rest], during)
    })
  }

  /** Sends a command to the node that has the key. */
  send(key: string, args: string[], during: CallKind): Promise<Reply> {
    const command = { key, args, during }
    return this.#isReady() ? this.#attempt(command, this.#options.timeoutMs) : this.#connectAndSend(command)
  }

  /** Closes the client if it is the store's own. */
  close(): void {
    if (!this.#options.ownsClient) this.#client.off('error', this.#noteError)
    else if (this.#client.isOpen) this.#client.destroy()
  }

  #noteError = (error: unknown): void => {
    this.#lastError = error
    if (isUnauthorized(error)) this.#refused?.(error)
  }

  #isReady(): boolean {
    const client = this.#client
    const ready = isNode(client) ? client.isReady : this.#wasOpen && client.isOpen
    this.#wasOpen ||= ready
    return ready
  }

  async #connectAndSend(command: Command): Promise<Reply> {
    const { timeoutMs } = this.#options
    const end = performance.now() + timeoutMs
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(timeoutError(timeoutMs, false, command.during, this.#lastError)),
        timeoutMs,
      )
      this.#connect()
        .then(resolve, (cause) => reject(errorOf(cause, 'read')))
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
      onReady = resolve
      if (isNode(client)) client.on('ready', onReady)
      if (client.isOpen) {
        if (!isNode(client) || client.isReady) resolve()
      } else if (this.#wasOpen) {
        reject(new Error('the client has been closed'))
      } else {
        client.connect().then(() => resolve(), reject)
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

  /** Sends a command, and again while its slot moves: the server refuses it until then, so nothing happens twice. */
  #attempt(command: Command, timeoutMs: number): Promise<Reply> {
    const start = performance.now()
    return this.#sendOnce(command, timeoutMs).catch(async (error) => {
      const left = timeoutMs - (performance.now() - start) - movingPause
      if (!isRefused(error, isMoving) || left <= 0) throw error
      await new Promise((resolve) => setTimeout(resolve, movingPause))
      return this.#attempt(command, left)
    })
  }

  #sendOnce(command: Command, timeoutMs: number): Promise<Reply> {
    const { during } = command
    return new Promise<Reply>((resolve, reject) => {
      // A client of the caller's may keep what it could not send, for later: a late command is withdrawn.
      const withdrawal = this.#options.ownsClient ? undefined : new Withdrawal()
      const rejectLate = (isSent: boolean): void =>
        reject(timeoutError(this.#options.timeoutMs, isSent, during, this.#lastError))
      let late = false
      const answer = this.#sender.send(command, withdrawal, timeoutMs)
      const timer = setTimeout(() => {
        late = true
        withdrawal?.abort()
        this.#learnSlots(command.key)
        // A withdrawn command is rejected before that.
        setImmediate(rejectLate, true)
      }, timeoutMs)
      answer.then(
        (reply) => {
          clearTimeout(timer)
          resolve(reply as Reply)
        },
        (cause) => {
          clearTimeout(timer)
          this.#learnSlots(command.key, cause)
          if (late) rejectLate(!isAborted(cause))
          else reject(ContextStoreError.is(cause) ? cause : errorOf(cause, during))
        },
      )
    })
  }

  /**
   * Lets the client of a Cluster learn which node has a slot whose primary does not answer: it learns of a promoted
   * replica only from another node's redirection, and asks no other node while it waits for the lost one.
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
}

/** A reply that is an array; empty if it is none. */
export function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : []
}

/** Whether a call failed because the server refused it, for this reason. */
function isRefused(error: unknown, isReason: (cause: unknown) => boolean): boolean {
  return ContextStoreError.is(error, 'unavailable') && isReason(error.cause)
}
