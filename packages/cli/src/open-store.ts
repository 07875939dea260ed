import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ContextStore, ContextStoreError } from '@context-store/core'
import { traitsOf } from '@context-store/core/adapter'
import type { RestStore } from '@context-store/rest/client'
import { type StoreTarget, UsageError } from './command.ts'
import { causeOf } from './error-message.ts'
import { InputError } from './input-error.ts'

/** The store of a command. */
export type OpenStore = ContextStore | RestStore

/** Whether a store can list only the ids of its sessions; among the stores here, only that of a REST service. */
export function listsOnlyIds(store: OpenStore): store is RestStore {
  return traitsOf(store).cannot['session-listing'] !== undefined
}

/**
 * Opens the store of a command, calls `work` with it, and closes it.
 *
 * @param mayCreate - whether to create a missing SQLite file; a mistyped name in a reading command must not
 * @throws `InputError` if the store cannot be used
 */
export async function withStore(
  target: StoreTarget,
  mayCreate: boolean,
  work: (store: OpenStore) => Promise<void>,
): Promise<void> {
  const store = await openStore(target, mayCreate)
  try {
    await store.ready()
    await work(store)
  } catch (error) {
    if (!ContextStoreError.is(error)) throw error
    throw new InputError(`${nameOf(target.store)}: ${error.message}${causeOf(error)}`, { cause: error })
  } finally {
    await store.close()
  }
}

// Loads only the store that is used: loading all of them would take most of a command's time.
async function openStore({ store, key }: StoreTarget, mayCreate: boolean): Promise<OpenStore> {
  if (/^https?:\/\//.test(store)) {
    return (await import('@context-store/rest/client')).restStore({ baseUrl: store, apiKey: key })
  }
  if (/^rediss?:\/\//.test(store)) return (await import('@context-store/redis')).redisStore({ url: store })
  if (/^\w+:\/\//.test(store))
    throw new UsageError(
      `STORE: ${nameOf(store)} is not supported: give a SQLite file, or a redis, rediss, http or https URL`,
    )
  if (!mayCreate && !existsSync(store)) throw new InputError(`${resolve(store)}: there is no such file`)
  return (await import('@context-store/sqlite')).sqliteStore({ path: store })
}

/** The name of a store in messages: a URL without credentials, or the absolute path of a file. */
function nameOf(store: string): string {
  if (!/^\w+:\/\//.test(store)) return resolve(store)
  return URL.canParse(store) ? `${new URL(store).protocol}//${new URL(store).host}` : 'this URL'
}
