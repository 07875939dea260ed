import {
  type ContextStore,
  createStoreWithSync,
  type HasSync,
  InvalidOptionError,
  promised,
  type StoreOptions,
} from '@context-store/core'
import { MemoryAdapter } from './memory-adapter.ts'
import { RecentUse } from './recent-use.ts'

/** The options of {@link memoryStore}. */
export interface MemoryStoreOptions extends StoreOptions {
  /** At most so many sessions, 1 or more; past it the least recently read or patched one ends. None: no limit. */
  readonly maxSessions?: number | undefined
  /**
   * At most about so many bytes of memory, 1 or more, by an estimate of what names and values take; past it the
   * least recently read or patched session ends. None: no limit.
   */
  readonly maxBytes?: number | undefined
}

/**
 * A store in this process's memory: nothing is shared, nothing outlives the process.
 *
 * @throws `InvalidOptionError` for an option that cannot be
 * @example
 * ```ts
 * const store = memoryStore({ maxSessions: 100_000 })
 * await store.account('577089').namespace('orders').session('42').patch({ step: 1 })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): ContextStore & HasSync {
  const maxSessions = checkMost('maxSessions', options.maxSessions)
  const maxBytes = checkMost('maxBytes', options.maxBytes)
  const bounded = maxSessions !== undefined || maxBytes !== undefined
  const adapter = new MemoryAdapter(bounded ? new RecentUse(maxSessions, maxBytes) : undefined)
  return createStoreWithSync(promised(adapter), adapter, options)
}

function checkMost(name: string, most: number | undefined): number | undefined {
  if (most !== undefined && !(Number.isInteger(most) && most >= 1)) {
    throw new InvalidOptionError(`${name}: a whole number from 1 on`)
  }
  return most
}
