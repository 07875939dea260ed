import { Lock } from './lock.ts'
import { settle } from './settle.ts'

/**
 * Locks by key, for engines without transactions. Works that share a key run side by side, one that excludes others
 * runs alone, and all start in the order in which they asked. A key that nobody uses takes no memory.
 *
 * A work starts at once, synchronously, if nothing is before it. One that throws synchronously is a rejection, and
 * its lock is released.
 */
export class KeyedLocks {
  readonly #locks = new Map<string, Lock>()

  /** Whether nobody has a key or waits for one. */
  get isFree(): boolean {
    return this.#locks.size === 0
  }

  /** Runs a work beside others that share the key. */
  share<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#run(key, false, work)
  }

  /** Runs a work while nobody else has the key. */
  exclude<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#run(key, true, work)
  }

  #run<T>(key: string, exclusive: boolean, work: () => Promise<T>): Promise<T> {
    const lock = this.#locks.get(key) ?? new Lock()
    this.#locks.set(key, lock)
    const end = (): void => {
      lock.release()
      if (lock.isFree) this.#locks.delete(key)
    }
    return new Promise((resolve, reject) => {
      lock.acquire(exclusive, () => {
        settle(
          work,
          (value) => {
            end()
            resolve(value)
          },
          (error) => {
            end()
            reject(error)
          },
        )
      })
    })
  }
}
