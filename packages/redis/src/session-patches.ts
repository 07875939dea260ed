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
import { patchScript, slack, wholeSession } from './patch-script.ts'
import { listOf, type RedisConnection, type Reply } from './redis-connection.ts'
import { errorOf, isErrorReply, isTooMuchWork } from './redis-errors.ts'
import { type Script, scriptTime } from './script.ts'
import { conditionArgs, currentOf } from './script-condition.ts'
import { forced } from './session-layout.ts'
import { SessionLines } from './session-lines.ts'
import type { SessionReads } from './session-reads.ts'
import { compactScript } from './session-scripts.ts'
import { TickBatch } from './tick-batch.ts'

/** The limits of one call of the script, which blocks the server. */
const bounds = { most: 32, mostWeight: 100_000 }

/** How often a patch is attempted while others change its session, or delete and recreate its namespace. */
const mostAttempts = 24

/** With more names in conditions or to remove, the client decides from the start: a script would do nothing but read them. */
export const mostNames = 4000

/** With more text, the client decides from the start: a script might refuse it, and it would be sent twice. */
const mostText = 200_000

/** How many bytes others may append to a session that the client has decided about; a script parses them. */
export const mostAppended = 100_000

/** How often the client decides about a session that others keep changing, before the script has to. */
export const mostReadings = 12

/** The replies of the script for a patch that was made. */
const done = 1
const doneAndExpires = 2
const doneAndGrown = 3

/** A patch in the form that the script takes. */
interface EncodedPatch {
  readonly keys: SessionKeys
  readonly time: string
  readonly statedTtl: string
  readonly lines: string
  /** The names to remove, as JSON. */
  readonly removed: readonly string[]
  /** Names and their expected values. */
  readonly conditions: readonly string[]
  /** The stamp of the session that the client has decided about, otherwise empty. */
  readonly stamp: string
  /** Whether the lines are the whole session, or the script must do the work whatever it costs. */
  readonly how: typeof wholeSession | typeof forced | ''
  /** Whether the patch consists only of lines. */
  readonly isPlain: boolean
  /** The record of the namespace, if the bucket did not have it. */
  readonly record: string
}

interface ScriptCall {
  readonly keys: SessionKeys
  readonly args: readonly string[]
}

/** The patches of a store. Those of one tick are sent as one script call; each succeeds or fails on its own. */
export class SessionPatches {
  readonly #connection: RedisConnection
  readonly #namespaces: Namespaces
  readonly #expired: ExpiredSessions
  readonly #reads: SessionReads
  readonly #rules: StoreRules
  readonly #script: Script
  readonly #batch: TickBatch<ScriptCall, Reply>

  constructor(
    connection: RedisConnection,
    namespaces: Namespaces,
    expired: ExpiredSessions,
    reads: SessionReads,
    rules: StoreRules,
  ) {
    this.#connection = connection
    this.#namespaces = namespaces
    this.#expired = expired
    this.#reads = reads
    this.#rules = rules
    this.#script = patchScript(rules)
    this.#batch = new TickBatch((calls) => this.#call(calls), bounds)
  }

  /** Makes a patch. */
  make(address: CheckedAddress, keys: SessionKeys, request: PatchRequest): Promise<WriteOutcome> {
    const patch = encoded(keys, request, scriptTime(this.#rules))
    // The common case: a patch with only values.
    if (patch.isPlain && patch.lines.length <= mostText) {
      return this.#batch
        .add(this.#connection.groupOf(keys.record), { keys, args: ['', patch.lines] }, patch.lines.length)
        .then((reply) => (reply === done ? undefined : this.#settle(address, patch, request.expected, reply)))
    }
    if (patch.removed.length + patch.conditions.length > mostNames || patch.lines.length > mostText) {
      return this.#settle(address, patch, request.expected, undefined)
    }
    return this.#send(patch).then((reply) =>
      reply === done ? undefined : this.#settle(address, patch, request.expected, reply),
    )
  }

  /**
   * Handles a reply. Retries the patch if the bucket did not know its namespace, or if the script left it to the client.
   *
   * @param first - the reply; `undefined` if the patch is too much for a script anyway
   */
  async #settle(
    { account, namespace }: CheckedAddress,
    patch: EncodedPatch,
    expected: Condition | undefined,
    first: Reply | undefined,
  ): Promise<WriteOutcome> {
    let reply = first
    let record = ''
    let readings = first === undefined ? 0 : -1
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      let next = patch
      if (reply === undefined || isTooMuchWork(reply)) {
        if (readings >= mostReadings) next = { ...patch, how: forced }
        else if (readings >= 0) {
          const text = await this.#reads.read(patch.keys)
          if (text === undefined && this.#rules.explicitNamespaces) {
            await this.#namespaces.known(account, namespace, 0, patch.time)
          }
          const lines = new SessionLines(text)
          const refused = lines.refusal(patch.conditions)
          if (refused !== undefined) return currentOf(expected, refused)
          next = this.#decided(patch, lines, readings > 0)
        }
        readings++
      } else if (isErrorReply(reply)) throw errorOf(reply, 'write')
      else if (typeof reply === 'string') {
        const [length, properties] = reply.split(' ')
        checkSize(Number(length), Number(properties), this.#rules)
      } else if (typeof reply !== 'number') return currentOf(expected, reply)
      else if (reply > 0) {
        if (reply === doneAndExpires) this.#expired.add(patch.keys)
        if (reply === doneAndGrown) await this.#compact(patch.keys)
        return undefined
      } else record = await this.#namespaces.known(account, namespace, -reply, patch.time)
      // Alone: what was too much for a script together with others may not be too much alone.
      reply = await this.#send({ ...next, record }, bounds.mostWeight)
    }
    throw new StoreUnavailableError(
      'other clients keep changing the session or its namespace: try again later',
    )
  }

  /**
   * A patch whose conditions hold for a session as it was read, with what to write.
   *
   * @param isContended - whether others changed the session while the client decided: then it is not rewritten because of
   *   its growth, since appending works despite such changes
   */
  #decided(patch: EncodedPatch, stored: SessionLines, isContended: boolean): EncodedPatch {
    const { length, lengthThen } = stored
    const isGrown = length + Buffer.byteLength(patch.lines) > 2 * lengthThen + slack
    const isWhole = stored.remove(patch.removed) || (isGrown && !isContended)
    stored.add(patch.lines)
    const { text, count } = stored
    const units = text.length + 1 - count
    checkSize(units, count, this.#rules)
    const decided = { ...patch, removed: [] }
    if (isWhole) return { ...decided, conditions: [], stamp: stored.stamp(0), how: wholeSession, lines: text }
    if (patch.conditions.length > mostNames) return { ...decided, conditions: [], stamp: stored.stamp(0) }
    // An appended line has at least six bytes, and no more characters than bytes.
    const { documentLength, properties } = this.#rules.limits
    const room = Math.min(mostAppended, documentLength - units, 6 * (properties - count))
    return { ...decided, stamp: stored.stamp(room) }
  }

  /** Rewrites a session that has grown too large for a script; if that fails, a later patch notices again. */
  async #compact(keys: SessionKeys): Promise<void> {
    try {
      const text = await this.#reads.read(keys)
      if (text === undefined) return
      const lines = new SessionLines(text)
      const args = [lines.stamp(0), `{${lines.text}`]
      await this.#connection.run(compactScript, [keys.session], args, 'write')
    } catch {
      // The patch itself has been made.
    }
  }

  #send(patch: EncodedPatch, weight?: number): Promise<Reply> {
    const args = argsOf(patch)
    return this.#batch.add(
      this.#connection.groupOf(patch.keys.record),
      { keys: patch.keys, args },
      weight ?? args.reduce((sum, { length }) => sum + length, 0),
    )
  }

  /** One call of the script, with the patches grouped by bucket. */
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
  const statedTtl = ttlSeconds === undefined ? '' : String(ttlSeconds)
  const isPlain = removed.length + conditions.length === 0 && statedTtl === '' && time === ''
  return { keys, time, statedTtl, lines, removed, conditions, stamp: '', how: '', isPlain, record: '' }
}

function argsOf(patch: EncodedPatch): readonly string[] {
  const { time, statedTtl, lines, removed, conditions, stamp, how, record } = patch
  const more = removed.length + conditions.length
  const counts = `${removed.length}|${conditions.length / 2}`
  const options = `${more}|${time}|${statedTtl}|${counts}|${stamp}|${how}|${record}`
  return [options, lines, ...removed, ...conditions]
}
