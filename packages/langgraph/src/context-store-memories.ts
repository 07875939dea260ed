import {
  type Account,
  type JsonValue,
  type Namespace,
  type Properties,
  UnsupportedError,
} from '@context-store/core'
import { idWithinLimit, storableJson } from '@context-store/core/bridge'
import {
  BaseStore,
  type GetOperation,
  InvalidNamespaceError,
  type Item,
  type ListNamespacesOperation,
  type MatchCondition,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchItem,
  type SearchOperation,
} from '@langchain/langgraph-checkpoint'
import { namespaceName } from './context-store-cache.ts'

/** The prefix of the memories' namespaces in the account. */
const prefix = 'memory:'

/**
 * A LangGraph long-term store over an account of a context store. Each path is a namespace, each item a session.
 *
 * There is no vector search: `search` with a `query`, and `put` with fields to `index`, are an `UnsupportedError`. A search returns the most
 * recently updated items first. It reads all items under its prefix, and the names of all namespaces of the account, so use a separate
 * account for memories.
 * Its methods reject with the store's errors (see `Session` of core).
 *
 * @see {@link https://docs.langchain.com/oss/javascript/langgraph/persistence#memory-store} for LangGraph's side
 */
export class ContextStoreMemories extends BaseStore {
  readonly #account: Account

  /** @param account - where the items are kept, in namespaces that begin with `memory:`. Close its store yourself */
  constructor(account: Account) {
    super()
    this.#account = account
  }

  /**
   * Runs several operations: first all reads, then all writes. Of several writes to one item, only the last is made.
   *
   * @throws LangGraph's `InvalidNamespaceError` if a path has no labels, or an empty one
   */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = new Map<string, PutOperation>()
    for (const operation of operations) {
      if (isPut(operation))
        puts.set(JSON.stringify([operation.namespace, operation.key]), checkedPut(operation))
    }
    const results = await Promise.all(
      operations.map((operation) => (isPut(operation) ? undefined : this.#read(operation))),
    )
    await Promise.all(Array.from(puts.values(), (operation) => this.#put(operation)))
    return results as OperationResults<Op>
  }

  #read(operation: Exclude<Operation, PutOperation>): Promise<unknown> {
    if ('namespacePrefix' in operation) return this.#search(operation)
    if ('key' in operation) return this.#get(operation)
    return this.#listNamespaces(operation)
  }

  async #get({ namespace, key }: GetOperation): Promise<Item | null> {
    return itemOf(await (await this.#session(namespace, key)).getAll()) ?? null
  }

  async #put({ namespace, key, value }: PutOperation): Promise<void> {
    const session = await this.#session(namespace, key)
    if (value === null) return session.clear()
    const now = new Date().toISOString()
    const stored = storableJson(value) ?? null
    await session.update(['createdAt'], ({ createdAt = now }) => {
      return { path: namespace, key, value: stored, createdAt, updatedAt: now }
    })
  }

  async #search(operation: SearchOperation): Promise<SearchItem[]> {
    const { namespacePrefix, filter = {}, limit = 10, offset = 0, query } = operation
    if (query !== undefined && query !== '') {
      throw new UnsupportedError('query: this store has no vector search: search by prefix and filter')
    }
    const found: SearchItem[] = []
    for await (const { namespace } of this.#paths((path) => isUnder(path, namespacePrefix))) {
      for await (const { properties } of namespace.sessions({ properties: true })) {
        const item = itemOf(properties)
        if (item === undefined) continue
        if (Object.entries(filter).every(([field, wanted]) => isAsWanted(item.value[field], wanted)))
          found.push(item)
      }
    }
    return found.sort(byUpdate).slice(offset, offset + limit)
  }

  async #listNamespaces(operation: ListNamespacesOperation): Promise<string[][]> {
    const { matchConditions = [], maxDepth, limit, offset } = operation
    const found = new Map<string, string[]>()
    const isWanted = (path: string[]) => matchConditions.every((condition) => matches(path, condition))
    for await (const { namespace, path } of this.#paths(isWanted)) {
      const { items } = await namespace.listSessions({ limit: 1 })
      const short = path.slice(0, maxDepth)
      if (items.length > 0) found.set(JSON.stringify(short), short)
    }
    const sorted = Array.from(found).sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([, path]) => path).slice(offset, limit === undefined ? undefined : offset + limit)
  }

  /** The wanted paths and their namespaces, including namespaces that no longer have items. */
  async *#paths(
    isWanted: (path: string[]) => boolean,
  ): AsyncGenerator<{ readonly namespace: Namespace; readonly path: string[] }> {
    for await (const { name } of this.#account.namespaces()) {
      if (!name.startsWith(prefix)) continue
      const namespace = this.#account.namespace(name)
      const path = name.startsWith(`${prefix}#`)
        ? (await namespace.listSessions({ limit: 1, properties: ['path'] })).items[0]?.properties.path
        : JSON.parse(name.slice(prefix.length))
      if (Array.isArray(path) && isWanted(path.map(String))) yield { namespace, path: path.map(String) }
    }
  }

  async #session(path: readonly string[], key: string) {
    const [name, id] = await Promise.all([namespaceName(prefix, path), idWithinLimit(key)])
    return this.#account.namespace(name).session(id)
  }
}

function isPut(operation: Operation): operation is PutOperation {
  return 'value' in operation
}

function checkedPut(operation: PutOperation): PutOperation {
  const { namespace } = operation
  if (namespace.length === 0 || namespace.some((label) => typeof label !== 'string' || label === '')) {
    throw new InvalidNamespaceError('namespace: must be one or more strings, none of them empty')
  }
  if (Array.isArray(operation.index)) {
    throw new UnsupportedError('index: this store has no vector search: omit index, or pass false')
  }
  return operation
}

function itemOf({ path, key, value, createdAt, updatedAt }: Partial<Properties>): Item | undefined {
  const namespace = pathOf(path)
  if (namespace === undefined || typeof key !== 'string' || !isObject(value)) return undefined
  return {
    namespace,
    key,
    value,
    createdAt: new Date(String(createdAt)),
    updatedAt: new Date(String(updatedAt)),
  }
}

function pathOf(path: JsonValue | undefined): string[] | undefined {
  return Array.isArray(path) ? path.map(String) : undefined
}

/** Sorts the most recently updated first. */
function byUpdate(a: Item, b: Item): number {
  const [one, other] = [a, b].map(({ namespace, key }) => JSON.stringify([namespace, key]))
  return b.updatedAt.getTime() - a.updatedAt.getTime() || ((one ?? '') < (other ?? '') ? -1 : 1)
}

function isUnder(path: readonly string[], begin: readonly string[]): boolean {
  return begin.every((label, index) => path[index] === label)
}

function matches(path: readonly string[], { matchType, path: wanted }: MatchCondition): boolean {
  const start = matchType === 'suffix' ? path.length - wanted.length : 0
  return start >= 0 && wanted.every((label, index) => label === '*' || path[start + index] === label)
}

const operators: { readonly [name: string]: (field: unknown, value: unknown) => boolean } = {
  $eq: (field, value) => isEqual(field, value),
  $ne: (field, value) => !isEqual(field, value),
  $gt: (field, value) => Number(field) > Number(value),
  $gte: (field, value) => Number(field) >= Number(value),
  $lt: (field, value) => Number(field) < Number(value),
  $lte: (field, value) => Number(field) <= Number(value),
  $in: (field, value) => Array.isArray(value) && value.some((one) => isEqual(field, one)),
  $nin: (field, value) => !Array.isArray(value) || !value.some((one) => isEqual(field, one)),
}

/** Whether a field equals `wanted`, or satisfies it if `wanted` consists of operators only. */
function isAsWanted(field: unknown, wanted: unknown): boolean {
  const conditions = isObject(wanted) && !Array.isArray(wanted) ? Object.entries(wanted) : []
  if (conditions.length === 0 || !conditions.every(([name]) => Object.hasOwn(operators, name))) {
    return isEqual(field, wanted)
  }
  return conditions.every(([name, value]) => operators[name]?.(field, value))
}

function isEqual(one: unknown, other: unknown): boolean {
  return one === other || (isObject(one) && isObject(other) && JSON.stringify(one) === JSON.stringify(other))
}

function isObject(value: unknown): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null
}
