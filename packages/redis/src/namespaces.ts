import {
  ContextStoreError,
  CorruptDataError,
  type NamespaceInfo,
  StoreUnavailableError,
  UnsupportedError,
} from '@context-store/core'
import {
  type ListRequest,
  namespaceInfoOf,
  namespaceNotFound,
  type Slice,
  type StoreRules,
} from '@context-store/core/adapter'
import {
  type BucketKeys,
  bucketCount,
  bucketKeys,
  type DirectoryKeys,
  directoryKeys,
  namespacePart,
} from './keys.ts'
import {
  adoptScript,
  endBucketScript,
  endedScript,
  endNamespaceScript,
  layoutVersion,
  listNamespacesScript,
  namespaceScript,
  sweepScript,
} from './namespace-scripts.ts'
import { listOf, type RedisConnection, type Reply } from './redis-connection.ts'
import { scriptTime } from './script.ts'
import { noGeneration } from './session-layout.ts'
import { sliceOf } from './slices.ts'

/** How many sessions of a deleted namespace one script removes, in well under a millisecond. */
const sweptAtOnce = 64

/** How many such scripts one reclaim runs at most. */
const sweepsAtOnce = 32

/** How often a namespace is looked up while others delete and create it. */
const mostAttempts = 16

/** The namespaces of a store: the directory, and the effects of a change on the buckets. */
export class Namespaces {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #keys: DirectoryKeys
  readonly #rules: StoreRules

  constructor(connection: RedisConnection, prefix: string, rules: StoreRules) {
    this.#connection = connection
    this.#prefix = prefix
    this.#keys = directoryKeys(prefix)
    this.#rules = rules
  }

  /** Throws if the server has another version's layout. */
  async checkLayout(): Promise<void> {
    const { layout } = this.#keys
    const version = await this.#connection.send(layout, ['GET', layout], 'read')
    if (version !== null && version !== layoutVersion) {
      throw new CorruptDataError(
        `the store has layout ${version}, but this version of the package reads only ${layoutVersion}`,
      )
    }
  }

  /** Throws if the server may evict any key of the store. Does nothing if the user may not run `INFO`. */
  async checkEviction(): Promise<void> {
    const { layout } = this.#keys
    const info = await this.#connection.send(layout, ['INFO', 'memory'], 'read').catch((error) => {
      if (ContextStoreError.is(error, 'unauthorized')) return ''
      throw error
    })
    const policy = /^maxmemory_policy:(allkeys-\w+)/m.exec(String(info))?.[1]
    if (policy === undefined || !/^maxmemory:[1-9]/m.test(String(info))) return
    throw new UnsupportedError(
      `the server may evict any key (maxmemory-policy ${policy}), including the list of namespaces: set noeviction`,
    )
  }

  /** A namespace's record for a patch, newer than a revision; creates the namespace if allowed, otherwise throws. */
  async known(account: string, namespace: string, passing: number, time: string): Promise<string> {
    const what = this.#rules.explicitNamespaces ? 'find' : 'create'
    const record = await this.#record(account, namespace, what, '', time, passing)
    if (record === undefined) throw namespaceNotFound()
    return record
  }

  /** Creates a namespace, or sets the stated time to live of an existing one, in every bucket. */
  async create(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    const ttl = String(ttlSeconds ?? '')
    const record = await this.#record(account, namespace, 'create', ttl, scriptTime(this.#rules))
    if (record === undefined || ttlSeconds === undefined) return
    const buckets = this.#buckets(namespacePart(account, namespace))
    await begun(() =>
      settled(buckets.map(({ record: key }) => this.#connection.run(adoptScript, [key], [record], 'write'))),
    )
  }

  /** The info of a namespace. */
  async info(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    const key = this.#keys.records(account)
    const record = await this.#connection.send(key, ['HGET', key, namespace], 'read')
    return typeof record === 'string' ? infoOf(namespace, record) : undefined
  }

  /** Deletes a namespace: first from the directory, then from every bucket, then its sessions. */
  async delete(account: string, namespace: string): Promise<void> {
    const part = namespacePart(account, namespace)
    // Reads the buckets too, because the server may have evicted the directory.
    const records = await Promise.all(
      this.#buckets(part).map(({ record }) => this.#connection.send(record, ['GET', record], 'read')),
    )
    const known = records.filter((record) => typeof record === 'string')
    const isAlive = known.some((record) => !record.startsWith(noGeneration))
    const passing = Math.max(0, ...known.map((record) => Number(record.split(' ')[1])))
    const args = [account, namespace, part, String(passing), isAlive ? '1' : '']
    const ending = await this.#connection.run(endNamespaceScript, this.#directory(account), args, 'write')
    if (typeof ending !== 'string') return
    await begun(async () => {
      await this.#end(part, ending)
      await this.#sweep(part, ending.slice(0, ending.indexOf(' ')), Number.POSITIVE_INFINITY)
    })
  }

  /** Continues an unfinished deletion; returns whether there is more to do. */
  async continueDeletion(): Promise<boolean> {
    const { ending, sweeping } = this.#keys
    const [unended, unswept] = await Promise.all(
      [ending, sweeping].map((key) =>
        this.#connection.send(key, ['HRANDFIELD', key, '1', 'WITHVALUES'], 'read'),
      ),
    )
    const [part, revision] = pairOf(unended)
    if (part !== undefined && revision !== undefined) await this.#end(part, revision)
    const [generation, sweptPart] = pairOf(unswept)
    if (generation === undefined || sweptPart === undefined) return false
    return this.#sweep(sweptPart, generation, sweepsAtOnce)
  }

  /** Part of an account's namespaces. */
  async list(account: string, { from, limit }: ListRequest): Promise<Slice<NamespaceInfo>> {
    const keys = [this.#keys.names(account), this.#keys.records(account)]
    const args = [from ?? '', String(limit + 1)]
    const reply = listOf(await this.#connection.run(listNamespacesScript, keys, args, 'read'))
    const items: NamespaceInfo[] = []
    for (let i = 0; i + 1 < reply.length; i += 2) items.push(infoOf(String(reply[i]), String(reply[i + 1])))
    return sliceOf(items, limit, ({ name }) => name)
  }

  /** Part of the accounts. */
  async listAccounts({ from, limit }: ListRequest): Promise<Slice<string>> {
    const { accounts } = this.#keys
    const range = ['ZRANGEBYLEX', accounts, from === undefined ? '-' : `(${from}`, '+']
    const reply = await this.#connection.send(accounts, [...range, 'LIMIT', '0', String(limit + 1)], 'read')
    return sliceOf(listOf(reply).map(String), limit, (account) => account)
  }

  /** The key part of a random namespace of a random account; `undefined` if there is none. */
  async anyPart(): Promise<string | undefined> {
    const { accounts, names } = this.#keys
    const account = await this.#connection.send(accounts, ['ZRANDMEMBER', accounts], 'read')
    if (typeof account !== 'string') return undefined
    const key = names(account)
    const namespace = await this.#connection.send(key, ['ZRANDMEMBER', key], 'read')
    return typeof namespace === 'string' ? namespacePart(account, namespace) : undefined
  }

  /** A namespace's record, newer than the revision `passing` of a bucket; `undefined` if there is none. */
  async #record(
    account: string,
    namespace: string,
    what: 'find' | 'create',
    statedTtl: string,
    time: string,
    passing = 0,
  ): Promise<string | undefined> {
    const part = namespacePart(account, namespace)
    const args = [account, namespace, part, what, statedTtl, time, String(passing)]
    const during = what === 'create' ? 'write' : 'read'
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const reply = await this.#connection.run(namespaceScript, this.#directory(account), args, during)
      if (typeof reply === 'string') return reply
      if (reply === null || what === 'find') return undefined
      // Its deletion was begun: it must reach every bucket before the namespace can be created again.
      await this.#end(part, String(listOf(reply)[0]))
    }
    throw new StoreUnavailableError('other clients keep deleting the namespace: try again later')
  }

  /** Puts a tombstone into every bucket of a namespace that is no longer in the directory. */
  async #end(part: string, ending: string): Promise<void> {
    const [generation = '', revision = ''] = ending.split(' ')
    await settled(
      this.#buckets(part).map(({ record, index, swept }) =>
        this.#connection.run(endBucketScript, [record, index, swept(generation)], [revision], 'write'),
      ),
    )
    const keys = [this.#keys.ending, this.#keys.sweeping]
    await this.#connection.run(endedScript, keys, [part, ending], 'write')
  }

  /**
   * Removes the sessions of a generation with one script after another, so that the server answers others in between.
   *
   * @returns whether there are more, after `most` scripts
   */
  async #sweep(part: string, generation: string, most: number): Promise<boolean> {
    let scripts = 0
    for (const bucket of this.#buckets(part)) {
      const swept = bucket.swept(generation)
      let ids: readonly Reply[]
      do {
        const range = ['ZRANGE', swept, '0', String(sweptAtOnce - 1)]
        ids = listOf(await this.#connection.send(swept, range, 'read'))
        if (ids.length === 0) break
        if (scripts++ === most) return true
        const keys = [swept, ...ids.map((id) => `${bucket.sessions}${id}`)]
        await this.#connection.run(sweepScript, keys, [generation], 'write')
      } while (ids.length === sweptAtOnce)
    }
    const { sweeping } = this.#keys
    await this.#connection.send(sweeping, ['HDEL', sweeping, generation], 'write')
    return false
  }

  #buckets(part: string): BucketKeys[] {
    return Array.from({ length: bucketCount }, (_, bucket) => bucketKeys(this.#prefix, part, bucket))
  }

  #directory(account: string): string[] {
    const { layout, revision, accounts, names, records, ending } = this.#keys
    return [layout, revision, accounts, names(account), records(account), ending]
  }
}

/**
 * Runs the steps after the first write of a change. If one fails, part of the change has been made, whatever the outcome
 * of the failed command.
 */
async function begun(rest: () => Promise<void>): Promise<void> {
  try {
    await rest()
  } catch (error) {
    if (!ContextStoreError.is(error) || error.outcome === 'unknown') throw error
    throw new StoreUnavailableError(`the change of the namespace was not finished: ${error.message}`, {
      cause: error,
      outcome: 'unknown',
    })
  }
}

/** Waits for all commands, then rejects with the first error: later calls must not overtake pending commands. */
async function settled(commands: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(commands)
  await Promise.all(commands)
}

function infoOf(name: string, record: string): NamespaceInfo {
  const [, , created, ttl] = record.split(' ')
  return namespaceInfoOf(name, Number(created), Number(ttl))
}

function pairOf(reply: Reply | undefined): [string | undefined, string | undefined] {
  const [name, value] = listOf(reply ?? null).flat()
  return typeof name === 'string' && typeof value === 'string' ? [name, value] : [undefined, undefined]
}
