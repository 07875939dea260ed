// A worker that writes and sends as the pages do; as a service worker it sends when the browser says that it can.
import { open, write } from './device.mjs'

globalThis.onmessage = async ({ data: { name, baseUrl, times, own } }) => {
  await write(open(name, baseUrl), name, times, own)
  globalThis.postMessage('done')
}

// A worker that is asked without a network must have been loaded before.
if ('DedicatedWorkerGlobalScope' in globalThis) globalThis.postMessage('ready')

globalThis.addEventListener('sync', (event) => {
  const baseUrl = globalThis.location.search.slice(1)
  const store = open(event.tag, baseUrl, { push: 'manual' })
  event.waitUntil(store.flush().then(() => store.close()))
})
