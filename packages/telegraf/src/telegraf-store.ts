import type { Namespace } from '@context-store/core'
import { checkedOptions, checkTtlSeconds, idWithinLimit, WholeObjects } from '@context-store/core/bridge'
import type { AsyncSessionStore } from 'telegraf/session'

/** Options of {@link telegrafStore}. */
export interface TelegrafStoreOptions<T> {
  /**
   * Returns the initial data of a session; use it instead of `session({ defaultSession })`. If a session's first two turns overlap, each
   * then writes only what it changed. Otherwise the initial properties of the later write would overwrite the other turn's changes.
   */
  readonly initial?: (() => T) | undefined
  /**
   * How long a session lives after the last update that used it, in whole seconds; 0: it never expires. Default: the namespace's time
   * to live, which a turn that changes nothing does not restart.
   */
  readonly ttlSeconds?: number | undefined
}

/**
 * Creates a Telegraf session store over a namespace of a context store. Each key is a session of the namespace.
 *
 * A turn writes the top-level properties that it changed, and nothing if it changed nothing. Turns that overlap, in one process or in
 * several, are merged. A session that another turn deleted stays deleted. A new object (`ctx.session = { … }`) replaces the whole session.
 *
 * Its methods reject with the store's errors (see `Session` of core), and `set` with a `TypeError` if `JSON.stringify` refuses the data.
 *
 * @param namespace - where the sessions are kept. Close its store yourself
 * @typeParam T - the data of a session: any JSON value
 * @throws `InvalidOptionError` if an option is unknown, or the time to live is not a whole number from 0 to 10^10
 * @see {@link https://telegraf.js.org/functions/session.html} for Telegraf's side
 *
 * @example
 * ```ts
 * const chats = store.account('shop').namespace('chats')
 * bot.use(session({ store: telegrafStore(chats, { initial: () => ({ basket: [] }) }) }))
 * ```
 */
export function telegrafStore<T>(
  namespace: Namespace,
  options?: TelegrafStoreOptions<T>,
): AsyncSessionStore<T> {
  const { initial, ...life } = checkedOptions(options, ['initial', 'ttlSeconds'], 'telegrafStore')
  const ttlSeconds = checkTtlSeconds(life.ttlSeconds)
  const objects = new WholeObjects()
  const sessionOf = async (name: string) => namespace.session(await idWithinLimit(name))

  return {
    async get(name) {
      return (await objects.read(await sessionOf(name), initial)) as T | undefined
    },
    async set(name, value) {
      await objects.write(await sessionOf(name), value, { ttlSeconds })
    },
    async delete(name) {
      await objects.delete(await sessionOf(name))
    },
  }
}
