import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ContextStore, ContextStoreError } from '@context-store/core'
import type { RestStore } from '@context-store/rest/client'
import { type StoreTarget, UsageError } from './arguments.ts'
import { InputError } from './input-error.ts'

/** A store that a command works on. */
export type OpenStore = ContextStore | RestStore

/** Whether the ids of sessions are all that a store lists. */
export function listsIdsAlone(store: OpenStore): store is RestStore {
  return 'sessionIds' in store
}

/**
 * Opens the store of a command, does its work, and closes it again.
 *
 * @param mayBegin whether a SQLite file that is missing is begun; a name that was mistyped is not to leave one
 * @throws `InputError` where the store cannot be used
 */
export async function withStore(
  target: StoreTarget,
  mayBegin: boolean,
  work: (store: OpenStore) => Promise<void>,
): Promise<void> {
  const store = await openStore(target, mayBegin)
  try {
    await store.ready()
    await work(store)
  } catch (error) {
    if (!ContextStoreError.is(error)) throw error
    const reason = error.cause instanceof Error ? ` (${error.cause.message})` : ''
    throw new InputError(`${nameOf(target.store)}: ${error.message}${reason}`, { cause: error })
  } finally {
    await store.close()
  }
}

// Only the one that is used is loaded: the others would be most of the time that a command takes.
async function openStore({ store, key }: StoreTarget, mayBegin: boolean): Promise<OpenStore> {
  if (/^https?:\/\//.test(store)) {
    return (await import('@context-store/rest/client')).restStore({ baseUrl: store, apiKey: key })
  }
  if (/^rediss?:\/\//.test(store)) return (await import('@context-store/redis')).redisStore({ url: store })
  if (/^\w+:\/\//.test(store)) throw new UsageError(`STORE: no store is at ${nameOf(store)}`)
  if (!mayBegin && !existsSync(store)) throw new InputError(`${resolve(store)}: there is no such file`)
  return (await import('@context-store/sqlite')).sqliteStore({ path: store })
}

/** What a store is called in messages: a URL without its password. */
function nameOf(store: string): string {
  if (!/^\w+:\/\//.test(store)) return resolve(store)
  return URL.canParse(store) ? `${new URL(store).protocol}//${new URL(store).host}` : 'this URL'
}
