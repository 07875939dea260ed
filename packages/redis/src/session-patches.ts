import { absent, StoreUnavailableError } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  checkSize,
  type PatchRequest,
  type StoreRules,
  type WriteOutcome,
} from '@context-store/core/adapter'
import type { ExpiredSessions } from './expired-sessions.ts'
import type { SessionKeys } from './keys.ts'
import type { Namespaces } from './namespaces.ts'
import { patchScript } from './patch-script.ts'
import { listOf, type RedisConnection, type Reply } from './redis-connection.ts'
import { errorOf, isErrorReply } from './redis-errors.ts'
import { type Script, scriptTime } from './script.ts'
import { conditionArgs, currentOf } from './script-condition.ts'
import { TickBatch } from './tick-batch.ts'

/** What one call of the script makes; the server is blocked meanwhile. */
const bounds = { most: 32, mostWeight: 100_000 }

/** How often a patch is tried while others delete its namespace and create it again. */
const mostAttempts = 16

/** What the script answers for a patch that is done. */
const done = 1
const doneAndExpires = 2

/** A patch as its script takes it. */
interface EncodedPatch {
  readonly keys: SessionKeys
  readonly time: string
  /** The options, the lines to append, the names to remove, then names and what is expected of them. */
  readonly args: readonly string[]
  /** How much of a message they take. */
  readonly weight: number
}

interface ScriptCall {
  readonly keys: SessionKeys
  readonly args: readonly string[]
}

/** The patches of a store. Those of one tick are one call of the script, in which each succeeds or fails alone. */
export class SessionPatches {
  readonly #connection: RedisConnection
  readonly #namespaces: Namespaces
  readonly #expired: ExpiredSessions
  readonly #rules: StoreRules
  readonly #script: Script
  readonly #batch: TickBatch<ScriptCall, Reply>

  constructor(
    connection: RedisConnection,
    namespaces: Namespaces,
    expired: ExpiredSessions,
    rules: StoreRules,
  ) {
    this.#connection = connection
    this.#namespaces = namespaces
    this.#expired = expired
    this.#rules = rules
    this.#script = patchScript(rules)
    this.#batch = new TickBatch((calls) => this.#call(calls), bounds)
  }

  /** Makes a patch. */
  make(address: CheckedAddress, keys: SessionKeys, request: PatchRequest): Promise<WriteOutcome> {
    const patch = encoded(keys, request, scriptTime(this.#rules))
    return this.#send(patch).then((reply) =>
      reply === done ? undefined : this.#settle(address, patch, request.expected, reply),
    )
  }

  /** What a reply means; makes the patch again where the server did not know its namespace. */
  async #settle(
    { account, namespace }: CheckedAddress,
    patch: EncodedPatch,
    expected: Condition | undefined,
    first: Reply,
  ): Promise<WriteOutcome> {
    let reply = first
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (isErrorReply(reply)) throw errorOf(reply, 'write')
      if (typeof reply === 'string') {
        const [length, properties] = reply.split(' ')
        checkSize(Number(length), Number(properties), this.#rules)
      }
      if (typeof reply !== 'number') return currentOf(expected, reply)
      if (reply > 0) {
        if (reply === doneAndExpires) this.#expired.add(patch.keys)
        return undefined
      }
      const [options, ...args] = patch.args
      const record = await this.#namespaces.known(account, namespace, -reply, patch.time)
      reply = await this.#send({ ...patch, args: [`${options || usualOptions}${record}`, ...args] })
    }
    throw new StoreUnavailableError('others delete the namespace again and again: try again later')
  }

  #send({ keys, args, weight }: EncodedPatch): Promise<Reply> {
    return this.#batch.add(this.#connection.groupOf(keys.record), { keys, args }, weight)
  }

  /** One call of the script, in which the patches of a bucket follow one another. */
  async #call(calls: readonly ScriptCall[]): Promise<readonly Reply[]> {
    const buckets = new Map<string, number[]>()
    for (const [index, { keys }] of calls.entries()) {
      const inBucket = buckets.get(keys.record)
      if (inBucket === undefined) buckets.set(keys.record, [index])
      else inBucket.push(index)
    }
    const keys: string[] = []
    const args: string[] = []
    for (const indexes of buckets.values()) {
      args.push(String(indexes.length))
      for (const [at, index] of indexes.entries()) {
        const call = calls[index] as ScriptCall
        if (at === 0) keys.push(call.keys.record, call.keys.index)
        keys.push(call.keys.session)
        for (const arg of call.args) args.push(arg)
      }
    }
    const inOrder = [...buckets.values()].flat()
    const answered = listOf(await this.#connection.run(this.#script, keys, args, 'write'))
    const replies: Reply[] = []
    for (const [at, index] of inOrder.entries()) replies[index] = answered[at] ?? null
    return replies
  }
}

/** What the script is told with a record of the namespace and nothing else. */
const usualOptions = '0|||0|0|'

function encoded(
  keys: SessionKeys,
  { changes, expected, ttlSeconds }: PatchRequest,
  time: string,
): EncodedPatch {
  const removed: string[] = []
  let lines = ''
  for (const name of changes.names) {
    const value = changes.values[name]
    if (value === absent) removed.push(JSON.stringify(name))
    else lines += `\n${JSON.stringify(name)}:${JSON.stringify(value)},`
  }
  const conditions = conditionArgs(expected)
  const more = removed.length + conditions.length
  if (more === 0 && ttlSeconds === undefined && time === '') {
    return { keys, time, args: ['', lines], weight: lines.length }
  }
  const options = `${more}|${time}|${ttlSeconds ?? ''}|${removed.length}|${conditions.length / 2}|`
  const args = [options, lines, ...removed, ...conditions]
  return { keys, time, args, weight: args.reduce((sum, { length }) => sum + length, 0) }
}
