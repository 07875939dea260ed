import {
  CorruptDataError,
  type NamespaceInfo,
  namespaceInfoOf,
  namespaceNotFound,
  type Slice,
  type StoreRules,
  StoreUnavailableError,
} from '@context-store/core'
import {
  type BucketKeys,
  bucketCount,
  bucketKeys,
  type DirectoryKeys,
  directoryKeys,
  namespaceOf,
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
import type { Purpose, RedisConnection, Reply } from './redis-connection.ts'
import { scriptTime } from './script.ts'

/** How many sessions of a deleted namespace one step removes: it is to stay well under a millisecond. */
const sweptAtOnce = 64

/** How often a namespace that others delete and create is asked for. */
const mostAttempts = 16

/** What a namespace is asked of the directory for. */
export interface NamespaceWish {
  /** Whether to begin it where it is not there. */
  readonly create: boolean
  /** The time to live that it is to have; `undefined`: not stated. */
  readonly ttlSeconds?: number | undefined
  /** A revision that the record has to pass, since a bucket has that one. */
  readonly passing?: number | undefined
}

/** The namespaces of a store: its directory, and what their changes do to their buckets. */
export class Namespaces {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #keys: DirectoryKeys

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
    this.#keys = directoryKeys(prefix)
  }

  /** Throws where another version's layout is there. */
  async checkLayout(): Promise<void> {
    const { layout } = this.#keys
    const version = await this.#connection.send(layout, ['GET', layout], { isWrite: false })
    if (version !== null && version !== layoutVersion) {
      throw new CorruptDataError(
        `the store has layout ${version}, and this version of the package reads ${layoutVersion}`,
      )
    }
  }

  /** A namespace's record; `undefined`: there is none. */
  async record(
    account: string,
    namespace: string,
    { create, ttlSeconds, passing = 0 }: NamespaceWish,
    rules: StoreRules,
  ): Promise<string | undefined> {
    const part = namespacePart(account, namespace)
    const args = [
      account,
      namespace,
      part,
      create ? 'create' : 'find',
      String(ttlSeconds ?? ''),
      scriptTime(rules),
      String(passing),
    ]
    const purpose = { isWrite: create, address: { account, namespace } }
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const reply = await this.#connection.run(namespaceScript, this.#directory(account), args, purpose)
      if (reply === null) return undefined
      if (typeof reply === 'string') return reply
      if (!create) return undefined
      // Somebody began to delete it: it has to have ended everywhere before it can begin anew.
      if (Array.isArray(reply)) await this.#end(account, namespace, String(reply[0]))
    }
    throw new StoreUnavailableError('the namespace is deleted by others all the time: try again later', {
      address: { account, namespace },
    })
  }

  /** The record of a namespace for a session's sake, newer than a revision; the namespace begins where it may. */
  async known(account: string, namespace: string, rules: StoreRules, passing = 0): Promise<string> {
    const create = !rules.explicitNamespaces
    const record = await this.record(account, namespace, { create, passing }, rules)
    if (record === undefined) throw namespaceNotFound(account, namespace)
    return record
  }

  /** Begins a namespace, or gives one that is there a stated time to live, in every bucket. */
  async create(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): Promise<void> {
    const record = await this.record(account, namespace, { create: true, ttlSeconds }, rules)
    if (record === undefined || ttlSeconds === undefined) return
    const purpose = { isWrite: true, address: { account, namespace } }
    await Promise.all(
      this.#buckets(namespacePart(account, namespace)).map(({ record: key }) =>
        this.#connection.run(adoptScript, [key], [record], purpose),
      ),
    )
  }

  /** What is known of a namespace. */
  async info(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    const key = this.#keys.records(account)
    const record = await this.#connection.send(key, ['HGET', key, namespace], {
      isWrite: false,
      address: { account, namespace },
    })
    return typeof record === 'string' ? infoOf(namespace, record) : undefined
  }

  /** Deletes a namespace: first in the directory, then in every bucket, then what its sessions take up. */
  async delete(account: string, namespace: string): Promise<void> {
    const purpose = { isWrite: true, address: { account, namespace } }
    const args = [account, namespace, namespacePart(account, namespace)]
    const ending = await this.#connection.run(endNamespaceScript, this.#directory(account), args, purpose)
    if (typeof ending !== 'string') return
    await this.#end(account, namespace, ending)
    const [generation = ''] = ending.split(' ')
    await this.#sweep(namespacePart(account, namespace), generation, purpose)
  }

  /** Goes on with a deletion that somebody did not finish; whether there was one. */
  async finishDeletion(): Promise<void> {
    const { ending, sweeping } = this.#keys
    const [unended, unswept] = await Promise.all(
      [ending, sweeping].map((key) =>
        this.#connection.send(key, ['HRANDFIELD', key, '1', 'WITHVALUES'], { isWrite: false }),
      ),
    )
    const [part, revision] = pairOf(unended)
    if (part !== undefined && revision !== undefined) await this.#end(...namespaceOf(part), revision)
    const [generation, sweptPart] = pairOf(unswept)
    if (generation !== undefined && sweptPart !== undefined) {
      await this.#sweep(sweptPart, generation, { isWrite: true })
    }
  }

  /** Part of an account's namespaces. */
  async list(account: string, from: string | undefined, limit: number): Promise<Slice<NamespaceInfo>> {
    const keys = [this.#keys.names(account), this.#keys.records(account)]
    const args = [from ?? '', String(limit + 1)]
    const reply = listOf(
      await this.#connection.run(listNamespacesScript, keys, args, { isWrite: false, address: { account } }),
    )
    const items: NamespaceInfo[] = []
    for (let i = 0; i + 1 < reply.length; i += 2) items.push(infoOf(String(reply[i]), String(reply[i + 1])))
    return sliceOf(items, limit, ({ name }) => name)
  }

  /** Part of the accounts. */
  async listAccounts(from: string | undefined, limit: number): Promise<Slice<string>> {
    const { accounts } = this.#keys
    const start = from === undefined ? '-' : `(${from}`
    const reply = await this.#connection.send(
      accounts,
      ['ZRANGEBYLEX', accounts, start, '+', 'LIMIT', '0', String(limit + 1)],
      { isWrite: false },
    )
    return sliceOf(listOf(reply).map(String), limit, (account) => account)
  }

  async #end(account: string, namespace: string, ending: string): Promise<void> {
    const [generation = '', revision = ''] = ending.split(' ')
    const purpose = { isWrite: true, address: { account, namespace } }
    const part = namespacePart(account, namespace)
    await Promise.all(
      this.#buckets(part).map(({ record, index, swept }) =>
        this.#connection.run(endBucketScript, [record, index, swept(generation)], [revision], purpose),
      ),
    )
    await this.#connection.run(endedScript, [this.#keys.ending, this.#keys.sweeping], [part, ending], purpose)
  }

  /** A step at a time: the server answers others in between. */
  async #sweep(part: string, generation: string, purpose: Purpose): Promise<void> {
    for (const { sessions, swept } of this.#buckets(part)) {
      const args = [sessions, generation, String(sweptAtOnce)]
      let removed: Reply
      do {
        removed = await this.#connection.run(sweepScript, [swept(generation)], args, purpose)
      } while (removed === sweptAtOnce)
    }
    const { sweeping } = this.#keys
    await this.#connection.send(sweeping, ['HDEL', sweeping, generation], purpose)
  }

  #buckets(part: string): BucketKeys[] {
    return Array.from({ length: bucketCount }, (_, bucket) => bucketKeys(this.#prefix, part, bucket))
  }

  #directory(account: string): string[] {
    const { layout, revision, accounts, names, records, ending } = this.#keys
    return [layout, revision, accounts, names(account), records(account), ending]
  }
}

/** The items of a listing, of which one more than `limit` was asked for. */
export function sliceOf<T>(found: readonly T[], limit: number, position: (item: T) => string): Slice<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? position(last) : undefined }
}

/** An array that the server answered. */
export function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : []
}

function infoOf(name: string, record: string): NamespaceInfo {
  const [, , created, ttl] = record.split(' ')
  return namespaceInfoOf(name, Number(created), Number(ttl))
}

function pairOf(reply: Reply | undefined): [string | undefined, string | undefined] {
  const [name, value] = listOf(reply ?? null).flat()
  return typeof name === 'string' && typeof value === 'string' ? [name, value] : [undefined, undefined]
}
