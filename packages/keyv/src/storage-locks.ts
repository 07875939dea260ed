import { KeyedLocks } from '@context-store/core'

const locksOfStorage = new WeakMap<object, KeyedLocks>()

/** The queues of a storage object: shared by every store and every Keyv over it in this process. */
export function locksOf(storage: object): KeyedLocks {
  const locks = locksOfStorage.get(storage) ?? new KeyedLocks()
  locksOfStorage.set(storage, locks)
  return locks
}
