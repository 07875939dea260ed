import type { Namespace } from '@context-store/core'
import { checkedOptions, checkTtlSeconds, idWithinLimit, WholeObjects } from '@context-store/core/bridge'
import type { StorageAdapter } from 'grammy'
import { closed, flattened, opened } from './envelope.ts'

/** Options of {@link grammyStorage}. */
export interface GrammyStorageOptions<T> {
  /**
   * Returns the initial data of a session; use it instead of `session({ initial })`. If a session's first two turns overlap, each then
   * writes only what it changed. Otherwise the initial properties of the later write would overwrite the other turn's changes.
   */
  readonly initial?: (() => T) | undefined
  /**
   * How long a session lives after the last update that used it, in whole seconds; 0: it never expires. Default: the namespace's time
   * to live, which a turn that changes nothing does not restart.
   */
  readonly ttlSeconds?: number | undefined
}

/**
 * Creates a grammY storage over a namespace of a context store: for `session`, `lazySession`, each part of a multi session,
 * `enhanceStorage`, and as `storage` of the conversations plugin. Each key is a session of the namespace.
 *
 * A turn writes the top-level properties that it changed, and nothing if it changed nothing. Turns that overlap, in one process or in
 * several, are merged. A session that another turn deleted stays deleted. A new object (`ctx.session = { … }`) replaces the whole session.
 *
 * Its methods reject with the store's errors (see `Session` of core), and `write` with a `TypeError` if `JSON.stringify` refuses the data.
 *
 * @param namespace - where the sessions are kept. Close its store yourself
 * @typeParam T - the data of a session: any JSON value
 * @throws `InvalidOptionError` if an option is unknown, or the time to live is not a whole number from 0 to 10^10
 * @see {@link https://grammy.dev/plugins/session} for grammY's side
 *
 * @example
 * ```ts
 * const chats = store.account('shop').namespace('chats')
 * bot.use(session({ storage: grammyStorage(chats, { initial: () => ({ basket: [] }) }) }))
 * ```
 */
export function grammyStorage<T>(
  namespace: Namespace,
  options?: GrammyStorageOptions<T>,
): Required<StorageAdapter<T>> {
  const { initial, ...life } = checkedOptions(options, ['initial', 'ttlSeconds'], 'grammyStorage')
  const ttlSeconds = checkTtlSeconds(life.ttlSeconds)
  const objects = new WholeObjects()
  const begin = initial && (() => flattened(initial()))
  const sessionOf = async (key: string) => namespace.session(await idWithinLimit(key))

  async function* readAllEntries(): AsyncGenerator<[key: string, value: T]> {
    for await (const { id, properties } of namespace.sessions({ properties: true })) {
      yield [id, closed(objects.valueOf(properties)) as T]
    }
  }

  return {
    async read(key) {
      return closed(await objects.read(await sessionOf(key), begin)) as T | undefined
    },
    async write(key, value) {
      const { data, also } = opened(value) ?? { data: value, also: undefined }
      await objects.write(await sessionOf(key), data, { ttlSeconds, also })
    },
    async delete(key) {
      await objects.delete(await sessionOf(key))
    },
    async has(key) {
      return (await (await sessionOf(key)).info()) !== undefined
    },
    async *readAllKeys() {
      for await (const { id } of namespace.sessions()) yield id
    },
    async *readAllValues() {
      for await (const [, value] of readAllEntries()) yield value
    },
    readAllEntries,
  }
}
