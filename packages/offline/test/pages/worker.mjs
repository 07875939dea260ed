// A worker that writes and sends like the pages; as a service worker, it sends when the browser fires a sync event.
import { open, write } from './device.mjs'

globalThis.onmessage = async ({ data: { name, baseUrl, times, own } }) => {
  await write(open(name, baseUrl), name, times, own)
  globalThis.postMessage('done')
}

// Tells the page that this worker is loaded: without a network it could not be.
if ('DedicatedWorkerGlobalScope' in globalThis) globalThis.postMessage('ready')

globalThis.addEventListener('sync', (event) => {
  const baseUrl = globalThis.location.search.slice(1)
  const store = open(event.tag, baseUrl, { push: 'manual' })
  event.waitUntil(store.flush().then(() => store.close()))
})
