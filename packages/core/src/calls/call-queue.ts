import { StoreUnavailableError } from '../api/errors.ts'
import type { Scope } from '../operations/operation.ts'
import { Lock } from './lock.ts'
import { settle } from './settle.ts'
import { type Epoch, WriteBarrier } from './write-barrier.ts'

// The only host functions that core needs. Declared here, so that no lib is needed to compile; every runtime has them.
declare function setTimeout(callback: () => void, milliseconds: number): unknown
declare function clearTimeout(timer: unknown): void

/** A pending call: queued or running. */
export class QueuedCall {
  readonly scope: Scope
  readonly isWrite: boolean
  /** Whether no other call in its session, or its namespace, may run at the same time. */
  readonly exclusive: boolean
  /** Passes the call to the engine. */
  start: () => void = () => undefined
  /** Whether the call has been passed to the engine. */
  isStarted = false
  /** Whether the call has timed out, and its caller has been told. */
  isOver = false
  /** The timeout's timer, if the call had to wait. */
  timer: unknown
  /** The queue of its namespace, if the call is about one. */
  queue: NamespaceQueue | undefined
  /** The lock of its session, once the call has requested it. */
  lock: Lock | undefined
  /** The epoch that later reads of its namespace wait for, if it is a write. */
  epoch: Epoch | undefined

  constructor(scope: Scope, isWrite: boolean, exclusive: boolean) {
    this.scope = scope
    this.isWrite = isWrite
    this.exclusive = exclusive
  }

  /** Throws if the call has timed out: nothing more may be written then. */
  goOn(): void {
    if (this.isOver) throw new StoreUnavailableError('the call timed out')
  }
}

/** The pending calls of one namespace. Lock order: namespace, then session. */
class NamespaceQueue {
  /** Shared by every call in the namespace; creating or deleting it takes the lock exclusively. */
  readonly lock: Lock = new Lock()
  readonly sessions: Map<string, Lock> = new Map()
  readonly writes: WriteBarrier = new WriteBarrier()

  get isFree(): boolean {
    return this.lock.isFree && this.writes.isFree
  }
}

/**
 * Keeps the calls of one store in order, for engines that may reorder them.
 *
 * - A write to a session waits for every earlier call on that session; a read waits for the earlier writes.
 * - Creating or deleting a namespace waits for every earlier call in it, and later ones wait for it.
 * - A listing, or a read of a namespace, waits for the earlier writes in what it lists, and delays no later write.
 */
export class CallQueue {
  /** By account, then by namespace; only those with pending calls. */
  readonly #accounts = new Map<string, Map<string, NamespaceQueue>>()
  readonly #timeoutMs: number | undefined
  #underWay = 0
  #idle: (() => void)[] = []

  /** @param timeoutMs - how long a call may take, including its time in the queue; `undefined`: no limit */
  constructor(timeoutMs: number | undefined) {
    this.#timeoutMs = timeoutMs
  }

  /**
   * Runs a call once no earlier call is pending that it must not overtake; at once if there is none.
   *
   * @param exclusive - whether no other call in its session, or its namespace, may run at the same time
   * @param errorOf - translates an error into the one that the caller gets
   */
  add<T>(
    scope: Scope,
    isWrite: boolean,
    exclusive: boolean,
    work: (call: QueuedCall) => Promise<T>,
    errorOf: (error: unknown) => unknown,
  ): Promise<T> {
    const call = new QueuedCall(scope, isWrite, exclusive)
    this.#underWay++
    return new Promise((resolve, reject) => {
      call.start = () => {
        if (call.isOver) {
          this.#end(call)
          return
        }
        call.isStarted = true
        settle(
          () => work(call),
          (value) => {
            this.#end(call)
            resolve(value)
          },
          (error) => {
            this.#end(call)
            reject(errorOf(error))
          },
        )
      }
      this.#enter(call)
      if (!call.isStarted && this.#timeoutMs !== undefined) {
        this.#limit(call, this.#timeoutMs, (error) => reject(errorOf(error)))
      }
    })
  }

  /** Resolves when no call is pending. */
  ended(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #enter(call: QueuedCall): void {
    const { account, namespace, session } = call.scope
    if (account === undefined || namespace === undefined) {
      this.#afterWrites(this.#queuesOf(account), call.start)
      return
    }
    const queue = this.#queueOf(account, namespace)
    call.queue = queue
    if (session === undefined && !call.exclusive) {
      // Registered now: it must not wait for later writes, since they may wait for this call.
      const behindWrites = new Promise<void>((resolve) => queue.writes.after(resolve))
      queue.lock.acquire(false, () => void behindWrites.then(call.start))
      return
    }
    if (call.isWrite) call.epoch = queue.writes.begin()
    if (session === undefined) queue.lock.acquire(true, call.start)
    else {
      queue.lock.acquire(false, () => {
        call.lock = sessionLock(queue, session)
        call.lock.acquire(call.exclusive, call.start)
      })
    }
  }

  #end(call: QueuedCall): void {
    if (call.timer !== undefined) clearTimeout(call.timer)
    const { queue, lock, epoch } = call
    const { account, namespace, session } = call.scope
    if (queue !== undefined && account !== undefined && namespace !== undefined) {
      if (epoch !== undefined) queue.writes.end(epoch)
      if (lock !== undefined && session !== undefined) {
        lock.release()
        if (lock.isFree) queue.sessions.delete(session)
      }
      queue.lock.release()
      if (queue.isFree) this.#remove(account, namespace)
    }
    this.#underWay--
    if (this.#underWay > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Calls `start` when the pending writes in these namespaces have ended. */
  #afterWrites(queues: readonly NamespaceQueue[], start: () => void): void {
    let left = 1
    const ended = (): void => {
      if (--left === 0) start()
    }
    for (const { writes } of queues) {
      left++
      writes.after(ended)
    }
    ended()
  }

  #queuesOf(account: string | undefined): NamespaceQueue[] {
    if (account !== undefined) return [...(this.#accounts.get(account)?.values() ?? [])]
    return [...this.#accounts.values()].flatMap((namespaces) => [...namespaces.values()])
  }

  #queueOf(account: string, namespace: string): NamespaceQueue {
    let namespaces = this.#accounts.get(account)
    if (namespaces === undefined) {
      namespaces = new Map()
      this.#accounts.set(account, namespaces)
    }
    let queue = namespaces.get(namespace)
    if (queue === undefined) {
      queue = new NamespaceQueue()
      namespaces.set(namespace, queue)
    }
    return queue
  }

  #remove(account: string, namespace: string): void {
    const namespaces = this.#accounts.get(account)
    namespaces?.delete(namespace)
    if (namespaces?.size === 0) this.#accounts.delete(account)
  }

  /** Rejects a call that had to wait, when its time is up. */
  #limit(call: QueuedCall, timeoutMs: number, reject: (error: unknown) => void): void {
    call.timer = setTimeout(() => {
      call.isOver = true
      const what = call.isStarted ? 'and then for its answer' : 'and was not made'
      reject(
        new StoreUnavailableError(`the call waited ${timeoutMs} ms for earlier calls ${what}`, {
          outcome: call.isStarted && call.isWrite ? 'unknown' : 'not-applied',
        }),
      )
    }, timeoutMs)
  }
}

function sessionLock({ sessions }: NamespaceQueue, session: string): Lock {
  let lock = sessions.get(session)
  if (lock === undefined) {
    lock = new Lock()
    sessions.set(session, lock)
  }
  return lock
}
