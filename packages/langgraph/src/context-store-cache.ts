import { type Account, absent, type Namespace, type Session } from '@context-store/core'
import { idWithinLimit } from '@context-store/core/bridge'
import {
  BaseCache,
  type CacheFullKey,
  type CacheNamespace,
  type SerializerProtocol,
} from '@langchain/langgraph-checkpoint'
import { decoded, encoded } from './encoding.ts'
import { inParts } from './stored-value.ts'

/** The prefix of the cache's namespaces in the account. */
const prefix = 'cache:'

/** A value in the cache. */
export interface CachedValue<V> {
  /** Its path and key. */
  key: CacheFullKey
  /** The value. */
  value: V
}

/**
 * A LangGraph node cache over an account of a context store. Each cache namespace is a namespace, each key a session; a long value has
 * more sessions, for its parts. Its methods reject with the store's errors (see `Session` of core).
 *
 * @see {@link https://docs.langchain.com/oss/javascript/langgraph/graph-api#node-caching} for LangGraph's side
 */
export class ContextStoreCache<V = unknown> extends BaseCache<V> {
  readonly #account: Account

  /**
   * @param account - where the values are kept, in namespaces that begin with `cache:`. Close its store yourself
   * @param serde - converts values to bytes. Default: LangGraph's own serializer
   */
  constructor(account: Account, serde?: SerializerProtocol) {
    super(serde)
    this.#account = account
  }

  /** Reads the values of those keys that exist. */
  override async get(keys: CacheFullKey[]): Promise<CachedValue<V>[]> {
    const found = await Promise.all(
      keys.map(async (key) => {
        const { type, encoding, text, token, parts } = await (await this.#session(key)).getAll()
        if (typeof type !== 'string' || typeof text !== 'string') return []
        const others = await Promise.all(
          Array.from({ length: Number(parts ?? 0) }, async (_, index) =>
            (await this.#session(key, index)).getAll(),
          ),
        )
        // Another value is being set, or the value expired between two reads.
        if (others.some((part) => part.token !== token)) return []
        const whole = [text, ...others.map((part) => part.text)].join('')
        const value: V = await this.serde.loadsTyped(type, decoded(encoding, whole))
        return [{ key, value }]
      }),
    )
    return found.flat()
  }

  /** Stores values. `ttl` is in seconds, rounded up to whole seconds; with 0 or less the key is cleared. */
  override async set(pairs: { key: CacheFullKey; value: V; ttl?: number }[]): Promise<void> {
    await Promise.all(
      pairs.map(async ({ key, value, ttl }) => {
        const session = await this.#session(key)
        if (ttl != null && ttl <= 0) return session.clear()
        const [type, bytes] = await this.serde.dumpsTyped(value)
        const [encoding, whole] = encoded(bytes)
        const [text = '', ...others] = inParts(whole)
        const options = { ttlSeconds: ttl == null ? 0 : Math.ceil(ttl) }
        if (others.length === 0) {
          await session.patch({ type, encoding, text, token: absent, parts: absent }, options)
          return
        }
        const token = crypto.randomUUID()
        const setPart = async (part: string, index: number) =>
          (await this.#session(key, index)).patch({ token, text: part }, options)
        await Promise.all(others.map(setPart))
        await session.patch({ type, encoding, text, token, parts: others.length }, options)
      }),
    )
  }

  /** Clears the given cache namespaces; all of them if the array is empty. */
  override async clear(namespaces: CacheNamespace[]): Promise<void> {
    if (namespaces.length > 0) {
      await Promise.all(namespaces.map(async (path) => (await this.#namespace(path)).delete()))
      return
    }
    for await (const { name } of this.#account.namespaces()) {
      if (name.startsWith(prefix)) await this.#account.namespace(name).delete()
    }
  }

  /** The session of a key, or of a further part of its value. */
  async #session([path, key]: CacheFullKey, part?: number): Promise<Session> {
    const name = JSON.stringify(part === undefined ? [key] : [key, part])
    const [namespace, id] = await Promise.all([this.#namespace(path), idWithinLimit(name)])
    return namespace.session(id)
  }

  async #namespace(path: CacheNamespace): Promise<Namespace> {
    return this.#account.namespace(await namespaceName(prefix, path))
  }
}

/** The name of the namespace for a path: the prefix and the path as JSON, hashed if it is too long. */
export async function namespaceName(begin: string, path: readonly string[]): Promise<string> {
  const name = `${begin}${JSON.stringify(path)}`
  const short = await idWithinLimit(name)
  return short === name ? name : `${begin}${short}`
}
