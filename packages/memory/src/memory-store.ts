import { type ContextStore, type HasSync, InvalidOptionError, type StoreOptions } from '@context-store/core'
import { checkedOptions, createStoreWithSync, storeOptionNames } from '@context-store/core/adapter'
import { MemoryAdapter } from './memory-adapter.ts'
import { RecentUse } from './recent-use.ts'

/** The options of {@link memoryStore}. */
export interface MemoryStoreOptions extends StoreOptions {
  /** The maximum number of sessions, 1 or more; beyond it the least recently used one is removed. Default: no limit. */
  readonly maxSessions?: number | undefined
  /**
   * The approximate maximum of bytes of memory, 1 or more, estimated from names and values; beyond it the least recently
   * used session is removed. Default: no limit.
   */
  readonly maxBytes?: number | undefined
}

/**
 * Creates a store in this process's memory: its data is not shared and does not outlive the process.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @example
 * ```ts
 * const store = memoryStore({ maxSessions: 100_000 })
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function memoryStore(options?: MemoryStoreOptions): ContextStore & HasSync {
  const { maxSessions, maxBytes, ...rest } = checkedOptions(
    options,
    [...storeOptionNames, 'maxSessions', 'maxBytes'],
    'memoryStore',
  )
  checkMost('maxSessions', maxSessions)
  checkMost('maxBytes', maxBytes)
  const bounded = maxSessions !== undefined || maxBytes !== undefined
  const use = bounded ? new RecentUse(maxSessions, maxBytes) : undefined
  return createStoreWithSync((rules) => new MemoryAdapter(rules, use), rest)
}

function checkMost(name: string, most: number | undefined): void {
  if (most === undefined || (Number.isInteger(most) && most >= 1)) return
  throw new InvalidOptionError(`${name}: must be a whole number, 1 or more`)
}
