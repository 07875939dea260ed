import type { Namespace } from '@context-store/core'
import { checkedOptions, checkTtlSeconds, idWithinLimit, WholeObjects } from '@context-store/core/bridge'
import type { AsyncSessionStore } from 'telegraf/session'

/** Options of {@link telegrafStore}. */
export interface TelegrafStoreOptions<T> {
  /**
   * Makes what a session begins with, instead of `session({ defaultSession })`: so that of two turns that begin a session
   * at once each writes only what it changed, and not its initial properties over what the other has changed.
   */
  readonly initial?: (() => T) | undefined
  /**
   * How long a session lives after the last update that used it: whole seconds, 0 for ever. Left out: as long as the namespace's own
   * time to live says, which only a turn that changes something restarts.
   */
  readonly ttlSeconds?: number | undefined
}

/**
 * A Telegraf session store over a namespace of a context store. Each key is a session of the namespace.
 *
 * A turn writes the top-level properties that it changed, and nothing if it changed nothing. Two turns that overlap, in one process or in
 * several, are merged. What another turn has deleted stays deleted. What is assigned anew (`ctx.session = { … }`) replaces the whole.
 *
 * Its methods reject with the store's errors (see `Session` of core), and `set` with a `TypeError` for what `JSON.stringify` refuses.
 *
 * @param namespace - where the sessions are kept; who opened its store closes it
 * @typeParam T - what the bot keeps in a session: any JSON value
 * @throws `InvalidOptionError` for an option that there is not, or a time to live that is no whole number of seconds from 0 to 10^10
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
