// A worker, or a service worker, that counts in a session as the pages do.
import { indexedDbStore } from '@context-store/indexeddb'
import { count } from './counting.mjs'

globalThis.onmessage = async ({ data: { name, times, own }, source }) => {
  const store = indexedDbStore({ name })
  await count(store, times, own)
  await store.close()
  ;(source ?? globalThis).postMessage('done')
}
