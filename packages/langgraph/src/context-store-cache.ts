import type { Account, Namespace, Session } from '@context-store/core'
import { idWithinLimit } from '@context-store/core/bridge'
import {
  BaseCache,
  type CacheFullKey,
  type CacheNamespace,
  type SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import { decoded, encoded } from './encoding.ts'

/** How the namespaces of the cache begin, among those of the account. */
const prefix = 'cache:'

/**
 * A LangGraph node cache over an account of a context store: each cache namespace is a namespace, each key a session. A value that is longer
 * than a session may be (800,000 characters) is a `TooLargeError`. Its methods reject with the store's errors (see `Session` of core).
 *
 * @see {@link https://docs.langchain.com/oss/javascript/langgraph/graph-api#node-caching} for LangGraph's side
 */
export class ContextStoreCache<V = unknown> extends BaseCache<V> {
  readonly #account: Account

  /**
   * @param account - where the values are kept, in namespaces that begin with `cache:`; who opened its store closes it
   * @param serde - how values become bytes; left out: LangGraph's own serializer
   */
  constructor(account: Account, serde?: SerializerProtocol) {
    super(serde)
    this.#account = account
  }

  /** Reads those of the keys that are there. */
  override async get(keys: CacheFullKey[]): Promise<{ key: CacheFullKey; value: V }[]> {
    const found = await Promise.all(
      keys.map(async (key) => {
        const { type, encoding, text } = await (await this.#session(key)).getAll()
        if (typeof type !== 'string' || typeof text !== 'string') return []
        const value: V = await this.serde.loadsTyped(type, decoded(encoding, text))
        return [{ key, value }]
      }),
    )
    return found.flat()
  }

  /** Stores values; `ttl` is in seconds, rounded up to whole ones, and one of 0 or less stores nothing. */
  override async set(pairs: { key: CacheFullKey; value: V; ttl?: number }[]): Promise<void> {
    await Promise.all(
      pairs.map(async ({ key, value, ttl }) => {
        const session = await this.#session(key)
        if (ttl != null && ttl <= 0) return session.clear()
        const [type, bytes] = await this.serde.dumpsTyped(value)
        const [encoding, text] = encoded(bytes)
        await session.patch({ type, encoding, text }, { ttlSeconds: ttl == null ? 0 : Math.ceil(ttl) })
      }),
    )
  }

  /** Clears cache namespaces; none: all of them. */
  override async clear(namespaces: CacheNamespace[]): Promise<void> {
    if (namespaces.length > 0) {
      await Promise.all(namespaces.map(async (path) => (await this.#namespace(path)).delete()))
      return
    }
    for await (const { name } of this.#account.namespaces()) {
      if (name.startsWith(prefix)) await this.#account.namespace(name).delete()
    }
  }

  async #session([path, key]: CacheFullKey): Promise<Session> {
    const [namespace, id] = await Promise.all([this.#namespace(path), idWithinLimit(key)])
    return namespace.session(id)
  }

  async #namespace(path: CacheNamespace): Promise<Namespace> {
    return this.#account.namespace(await namespaceName(prefix, path))
  }
}

/** The name of a namespace for a path: the prefix and the path as JSON, hashed if that is too long. */
export async function namespaceName(begin: string, path: readonly string[]): Promise<string> {
  const name = `${begin}${JSON.stringify(path)}`
  const short = await idWithinLimit(name)
  return short === name ? name : `${begin}${short}`
}
