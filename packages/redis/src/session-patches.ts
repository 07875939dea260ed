import {
  type AddressKey,
  absent,
  checkSize,
  type PatchOutcome,
  type PatchRequest,
  type Properties,
  type StoreRules,
  StoreUnavailableError,
  setOwn,
} from '@context-store/core'
import type { ExpiringBuckets } from './expiring-buckets.ts'
import { addressOf, type SessionKeys } from './keys.ts'
import { listOf, type Namespaces } from './namespaces.ts'
import { patchScript } from './patch-script.ts'
import type { RedisConnection, Reply } from './redis-connection.ts'
import { errorAt, storeError } from './redis-errors.ts'
import { type Script, scriptTime } from './script.ts'
import { jsonOf } from './session-text.ts'
import { TurnBatch } from './turn-batch.ts'

/** What one script call makes: for as long as that the server answers nobody else. */
const bounds = { most: 32, mostWeight: 100_000 }

/** How often a patch is made while others delete its namespace and create it anew. */
const mostAttempts = 16

/** A patch as its script takes it. */
interface EncodedPatch {
  readonly address: AddressKey
  readonly keys: SessionKeys
  /** The lines to append. */
  readonly lines: string
  /** The names to remove, as JSON. */
  readonly removed: readonly string[]
  /** Each name as JSON and the text that is expected of it; empty: it must not be there. */
  readonly conditions: readonly string[]
  readonly ttlSeconds: number | undefined
}

interface ScriptCall {
  readonly keys: SessionKeys
  readonly args: readonly string[]
}

/** The patches of a store. Those of one turn are one script call, in which each succeeds or fails by itself. */
export class SessionPatches {
  readonly #connection: RedisConnection
  readonly #namespaces: Namespaces
  readonly #expiring: ExpiringBuckets
  readonly #rules: StoreRules
  readonly #script: Script
  readonly #batch: TurnBatch<ScriptCall, Reply>

  constructor(
    connection: RedisConnection,
    namespaces: Namespaces,
    expiring: ExpiringBuckets,
    rules: StoreRules,
  ) {
    this.#connection = connection
    this.#namespaces = namespaces
    this.#expiring = expiring
    this.#rules = rules
    this.#script = patchScript(rules)
    this.#batch = new TurnBatch((calls) => this.#call(calls), bounds)
  }

  /** Makes a patch. */
  make(address: AddressKey, keys: SessionKeys, request: PatchRequest): Promise<PatchOutcome> {
    const patch = encoded(address, keys, request)
    return this.#send(patch, '').then((reply) =>
      reply === done ? undefined : this.#settle(patch, request, reply),
    )
  }

  /** What a reply comes to; makes the patch again where its namespace was not known to the server. */
  async #settle(patch: EncodedPatch, request: PatchRequest, first: Reply): Promise<PatchOutcome> {
    const { address, keys } = patch
    let reply = first
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (typeof reply === 'string') {
        const [length, properties] = reply.split(' ')
        checkSize(address, Number(length), Number(properties), this.#rules)
      }
      if (typeof reply !== 'number') return currentOf(request.expected?.names ?? [], reply)
      if (reply > 0) {
        if (reply === doneAndExpires) this.#expiring.add(keys)
        return undefined
      }
      const { account, namespace } = address
      reply = await this.#send(patch, await this.#namespaces.known(account, namespace, this.#rules, -reply))
    }
    throw new StoreUnavailableError('the namespace is deleted by others all the time: try again later', {
      address: addressOf(address),
    })
  }

  #send(patch: EncodedPatch, record: string): Promise<Reply> {
    const { address, keys, lines } = patch
    const args = [this.#options(patch, record), lines, ...patch.removed, ...patch.conditions]
    return this.#batch.add(this.#connection.groupOf(keys.record), { keys, args }, lines.length).then(
      (reply) => {
        if (reply instanceof Error) throw storeError(reply, true, addressOf(address))
        return reply
      },
      (error) => {
        throw errorAt(error, addressOf(address))
      },
    )
  }

  /** One call of the script, in which the patches of a bucket stand together. */
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
        args.push(...call.args)
      }
    }
    const answered = listOf(await this.#connection.run(this.#script, keys, args, { isWrite: true }))
    const replies: Reply[] = []
    for (const [at, index] of [...buckets.values()].flat().entries()) replies[index] = answered[at] ?? null
    return replies
  }

  /** What the script has to be told beside the lines; of most patches nothing. */
  #options({ removed, conditions, ttlSeconds }: EncodedPatch, record: string): string {
    const more = removed.length + conditions.length
    if (more === 0 && ttlSeconds === undefined && record === '' && this.#rules.now === undefined) return ''
    const time = scriptTime(this.#rules)
    return `${more}|${time}|${ttlSeconds ?? ''}|${removed.length}|${conditions.length / 2}|${record}`
  }
}

const done = 1
const doneAndExpires = 2

function encoded(
  address: AddressKey,
  keys: SessionKeys,
  { changes, expected, ttlSeconds }: PatchRequest,
): EncodedPatch {
  const removed: string[] = []
  let lines = ''
  for (const name of changes.names) {
    const value = changes.values[name]
    if (value === absent) removed.push(JSON.stringify(name))
    else lines += `\n${JSON.stringify(name)}:${JSON.stringify(value)},`
  }
  const conditions = (expected?.names ?? []).flatMap((name) => {
    const value = expected?.values[name]
    return [JSON.stringify(name), value === absent ? '' : JSON.stringify(value)]
  })
  return { address, keys, lines, removed, conditions, ttlSeconds }
}

function currentOf(names: readonly string[], reply: Reply): Properties {
  const texts = listOf(reply)
  const current: Properties = {}
  names.forEach((name, index) => {
    const text = texts[index]
    if (typeof text === 'string' && text !== '') setOwn(current, name, jsonOf(text))
  })
  return current
}
