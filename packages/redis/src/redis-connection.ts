import { ContextStoreError } from '@context-store/core'
import type { CallKind } from '@context-store/core/adapter'
import { type ClientListener, listenTo } from './client-events.ts'
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

/** A reply of the server; an error in an array belongs to one of several calls made by one script. */
export type Reply = string | number | null | ErrorReply | readonly Reply[]

/** How a connection behaves. */
export interface ConnectionOptions {
  /** How long a command may take in milliseconds, including connecting. */
  readonly timeoutMs: number
  /** How many replicas must confirm a write before it resolves; 0: none. */
  readonly replicas: number
  /**
   * Creates a new client to replace one whose connection no longer answers; the store then owns and closes its clients.
   * `undefined` if the client is the caller's.
   */
  readonly createClient: (() => RedisClient) | undefined
}

/** How long to wait before retrying a call whose slot is moving, in milliseconds. */
const movingPause = 20

/** How long to ask other nodes of a Cluster which node has a slot, in milliseconds. */
const learningTime = 500

/** Sends commands to the server: connects at the first one, resolves or rejects in time, and sends no write twice. */
export class RedisConnection implements ClientListener {
  readonly #options: ConnectionOptions
  #client: RedisClient
  #sender: CommandSender
  #stopListening: () => void
  #connecting: Promise<void> | undefined
  #wasOpen: boolean
  #isClosed = false
  readonly #givenUp = new Map<RedisClient, NodeJS.Timeout>()
  /** When the server last answered anything over the connection of this client. */
  #answeredAt = 0
  /** Why the client cannot send at the moment. */
  #lastError: unknown
  #learning = false
  #whenReady: (() => void) | undefined
  #refused: ((error: unknown) => void) | undefined

  constructor(client: RedisClient, options: ConnectionOptions) {
    this.#options = options
    this.#client = client
    this.#sender = new CommandSender(client, options.replicas)
    this.#stopListening = listenTo(client, this)
    this.#wasOpen = client.isOpen
  }

  onError = (error: unknown): void => {
    // An error of a client that can send (a refused PING) does not explain why a later call cannot be sent.
    if (!this.#isReady() || !isNode(this.#client)) this.#lastError = error
    if (isUnauthorized(error)) this.#refused?.(error)
  }

  onReady = (): void => {
    this.#lastError = undefined
    this.#whenReady?.()
  }

  /** The group of calls that may share a message: in a Cluster those of a key's bucket, otherwise all. */
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

  /** Closes the client if the store created it. */
  close(): void {
    this.#isClosed = true
    if (this.#options.createClient === undefined) this.#stopListening()
    else for (const client of [this.#client, ...this.#givenUp.keys()]) this.#destroy(client)
  }

  /**
   * Replaces a client of the store's own if it got no answer at all while a command waited for `timeoutMs`: the other
   * end of its connection may have disappeared. The client itself would not notice while calls are sent.
   */
  #giveUp(client: RedisClient, sentAt: number): void {
    const { createClient, replicas, timeoutMs } = this.#options
    if (createClient === undefined || this.#isClosed) return
    if (client !== this.#client || this.#answeredAt >= sentAt) return
    // Its pending commands fail, including its own, which it reports as errors.
    client.on('error', () => undefined)
    this.#stopListening()
    this.#client = createClient()
    this.#sender = new CommandSender(this.#client, replicas)
    this.#stopListening = listenTo(this.#client, this)
    this.#wasOpen = false
    this.#connecting = undefined
    // Calls that were already sent on it keep their own timeout.
    this.#givenUp.set(
      client,
      setTimeout(() => this.#destroy(client), timeoutMs),
    )
  }

  #destroy(client: RedisClient): void {
    clearTimeout(this.#givenUp.get(client))
    this.#givenUp.delete(client)
    if (client.isOpen) client.destroy()
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

  /** Resolves when the client can send; all waiting calls share one attempt. */
  #connect(): Promise<void> {
    if (this.#connecting !== undefined) return this.#connecting
    const client = this.#client
    const connecting = new Promise<void>((resolve, reject) => {
      this.#refused = reject
      this.#whenReady = resolve
      if (client.isOpen) {
        if (!isNode(client) || client.isReady) resolve()
      } else if (this.#wasOpen) {
        reject(new Error('the client has been closed'))
      } else {
        client.connect().then(() => resolve(), reject)
      }
    })
      .then(() => {
        this.#wasOpen ||= client === this.#client
      })
      .finally(() => {
        if (this.#connecting === connecting) this.#connecting = undefined
      })
    this.#connecting = connecting
    return connecting
  }

  /** Sends a command, and retries while its slot moves: the server refuses it until then, so nothing is done twice. */
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
      const client = this.#client
      const sentAt = performance.now()
      // A caller's client may queue a command that it cannot send: after the timeout, the command is withdrawn.
      const withdrawal = this.#options.createClient === undefined ? new Withdrawal() : undefined
      const rejectLate = (isSent: boolean): void =>
        reject(timeoutError(this.#options.timeoutMs, isSent, during, isSent ? undefined : this.#lastError))
      let late = false
      const answer = this.#sender.send(command, withdrawal, timeoutMs)
      const timer = setTimeout(() => {
        late = true
        withdrawal?.abort()
        this.#learnSlots(command.key)
        // By then, a withdrawn command has been rejected.
        setImmediate(() => {
          rejectLate(true)
          this.#giveUp(client, sentAt)
        })
      }, timeoutMs)
      answer.then(
        (reply) => {
          clearTimeout(timer)
          if (client === this.#client) this.#answeredAt = performance.now()
          this.#lastError = undefined
          resolve(reply as Reply)
        },
        (cause) => {
          clearTimeout(timer)
          if (client === this.#client && isAnswer(cause)) this.#answeredAt = performance.now()
          this.#learnSlots(command.key, cause)
          if (late) rejectLate(!isAborted(cause))
          else reject(ContextStoreError.is(cause) ? cause : errorOf(cause, during))
        },
      )
    })
  }

  /**
   * Makes the client of a Cluster learn which node has a slot whose primary does not answer: it learns of a promoted
   * replica only from another node's redirection, and asks no other node while it waits for the lost primary.
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

/** The reply if it is an array; otherwise an empty one. */
export function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : []
}

/** Whether a call failed because the server refused it for this reason. */
function isRefused(error: unknown, isReason: (cause: unknown) => boolean): boolean {
  return ContextStoreError.is(error, 'unavailable') && isReason(error.cause)
}
