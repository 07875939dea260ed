import { KeyedLocks } from '@context-store/core/adapter'

const locksOfStorage = new WeakMap<object, KeyedLocks>()

/**
 * The locks of a storage object, shared by all stores and all Keyvs on it in this process. They replace the transactions
 * that Keyv does not have: what a store reads, decides and writes under a lock is atomic for all of them. Core keeps the
 * order of a store's calls; these locks only exclude.
 *
 * Lock order: namespace, session, account, index.
 * - A write to a session holds its namespace's lock shared and the session's lock exclusively.
 * - Creating or deleting a namespace by a call holds the namespace's lock and then the account's exclusively; a write
 *   that creates its namespace holds the namespace's lock shared.
 * - Reclaiming a session holds the session's lock exclusively.
 * - A change of an index holds the index's lock exclusively.
 *
 * Reads take no lock. A session is one record, which exists only if it has the generation of its namespace's record. No
 * generation is used twice, so in whichever order the two records are read, together they show a state that was true at
 * some instant in between. Indexes can be read at any time: see `NameIndex`.
 */
export function locksOf(storage: object): KeyedLocks {
  const locks = locksOfStorage.get(storage) ?? new KeyedLocks()
  locksOfStorage.set(storage, locks)
  return locks
}
