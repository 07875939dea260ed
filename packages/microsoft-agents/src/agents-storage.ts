import { absent, ConflictError, type Namespace } from '@context-store/core'
import { checkedOptions, checkTtlSeconds, idWithinLimit, WholeObjects } from '@context-store/core/bridge'
import type { Storage, StoreItem } from '@microsoft/agents-hosting'

/** Options of {@link agentsStorage}. */
export interface AgentsStorageOptions {
  /**
   * How long an item lives after its last write, in whole seconds; 0: it never expires. Default: the namespace's time to live.
   */
  readonly ttlSeconds?: number | undefined
}

/**
 * Creates a `Storage` for the Microsoft 365 Agents SDK and the Bot Framework, over a namespace of a context store: for
 * `ConversationState`, `UserState`, `TurnState` and everything else that takes one. Each item is a session of the namespace.
 *
 * An item whose `eTag` is `'*'`, empty or missing is merged: a write stores what the writer changed since it read the item. So the
 * changes of overlapping turns are all kept, and an item that was deleted meanwhile stays deleted. Any other `eTag` is a condition:
 * nothing is written unless it equals the stored one. Every write gives the item a new `eTag`, which is never reused.
 * `ConversationState` and `UserState` write `'*'`; `TurnState` writes the `eTag` that it read, so the second of two overlapping turns is
 * refused.
 *
 * `read` without keys and `write` without changes reject with a `ReferenceError`, as the `MemoryStorage` of both runtimes does. `write`
 * rejects with a `ConflictError` if a condition does not hold, and with a `TypeError` if `JSON.stringify` refuses an item. Otherwise
 * methods reject with the store's errors (see `Session` of core). The items of one `write` are written at the same time, each atomically:
 * if one fails, the others are still written.
 *
 * @param namespace - where the items are kept. Close its store yourself
 * @throws `InvalidOptionError` if an option is unknown, or the time to live is not a whole number from 0 to 10^10
 * @see {@link https://github.com/microsoft/Agents-for-js/blob/main/packages/agents-hosting/src/storage/storage.ts} for the runtime's side
 *
 * @example
 * ```ts
 * const storage = agentsStorage(store.account('shop').namespace('state'))
 * const app = new AgentApplication<TurnState>({ storage })
 * ```
 */
export function agentsStorage(namespace: Namespace, options?: AgentsStorageOptions): Storage {
  const ttlSeconds = checkTtlSeconds(checkedOptions(options, ['ttlSeconds'], 'agentsStorage').ttlSeconds)
  const objects = new WholeObjects()
  const sessionOf = async (key: string) => namespace.session(await idWithinLimit(key))

  async function writeItem(key: string, item: StoreItem): Promise<void> {
    const session = await sessionOf(key)
    const also = { eTag: crypto.randomUUID() }
    // Also null: in both runtimes' MemoryStorage, any falsy eTag means that there is none.
    if (!item.eTag || item.eTag === '*')
      return void (await objects.write(session, item, { ttlSeconds, also }))
    const isWritten =
      (await objects.write(session, item, { ttlSeconds, also, expected: { eTag: item.eTag } })) ||
      // An item that does not exist and was not read is written whatever its eTag, as by the runtimes' own storages.
      (await objects.write(session, item, { ttlSeconds, also, expected: { eTag: absent } }))
    if (!isWritten) {
      throw new ConflictError(`Storage: error writing ${JSON.stringify(key)} due to eTag conflict.`)
    }
  }

  return {
    async read(keys) {
      if (!keys) throw new ReferenceError('Keys are required when reading.')
      const items = await Promise.all(
        keys.map(async (key) => [key, await objects.read(await sessionOf(key))] as const),
      )
      return Object.fromEntries(items.filter(([, item]) => item !== undefined))
    },
    async write(changes) {
      if (!changes) throw new ReferenceError('Changes are required when writing.')
      const writes = Object.entries(changes).map(([key, item]) => writeItem(key, item))
      for (const outcome of await Promise.allSettled(writes)) {
        if (outcome.status === 'rejected') throw outcome.reason
      }
    },
    async delete(keys) {
      await Promise.all(keys.map(async (key) => objects.delete(await sessionOf(key))))
    },
  }
}
