// The store of a page or a worker; all with the same origin and name share the data.
import { indexedDbStore } from '@context-store/indexeddb'
import { offlineStore } from '@context-store/offline'
import { restStore } from '@context-store/rest/client'

export function open(name, baseUrl, options) {
  return offlineStore({
    local: indexedDbStore({ name, durability: 'relaxed' }),
    remote: restStore({ baseUrl, apiKey: 'k', timeoutMs: 5_000 }),
    pull: 'manual',
    ...options,
  })
}

export async function write(store, name, times, own) {
  const at = store.account('a').namespace('shop').session(name)
  for (let i = 0; i < times; i++) await at.patch({ [own]: i, shared: `${own} ${i}` })
}
