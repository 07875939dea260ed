import { Lock } from './lock.ts'
import { settle } from './settle.ts'

/**
 * Locks by key, for engines without transactions. Tasks that share a key run concurrently, a task that excludes others
 * runs alone, and all start in the order in which they were added. An unused key takes no memory.
 *
 * A task starts at once, synchronously, if it need not wait. If it throws synchronously, the promise rejects and the
 * lock is released.
 */
export class KeyedLocks {
  readonly #locks = new Map<string, Lock>()

  /** Whether no key is held or waited for. */
  get isFree(): boolean {
    return this.#locks.size === 0
  }

  /** Runs a task concurrently with others that share the key. */
  share<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#run(key, false, work)
  }

  /** Runs a task while no other task holds the key. */
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
