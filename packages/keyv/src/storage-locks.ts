import { KeyedLocks } from '@context-store/core/adapter'

const locksOfStorage = new WeakMap<object, KeyedLocks>()

/**
 * The locks of a storage object, shared by all stores and all Keyvs over it in this process. They are the transactions
 * that Keyv does not have: what one store reads, decides and writes under a lock is one atom for all of them. The
 * order of a store's calls is core's work; these locks exclude, they do not order.
 *
 * Lock order: namespace, session, account, index.
 * - A write to a session shares its namespace's lock and excludes others from the session's.
 * - Deleting a namespace excludes others from the namespace's lock, then from the account's; creating one only from
 *   the account's.
 * - Reclaiming a session excludes others from the session's lock.
 * - A change of an index excludes others from the index's lock.
 *
 * Reads take no lock. A session is one record, and it counts only if it carries the generation that its namespace's
 * record has. No generation is used twice, so whichever of the two is read first, what they show together was true at
 * some instant in between. Indexes can be read at any time: see `NameIndex`.
 */
export function locksOf(storage: object): KeyedLocks {
  const locks = locksOfStorage.get(storage) ?? new KeyedLocks()
  locksOfStorage.set(storage, locks)
  return locks
}
