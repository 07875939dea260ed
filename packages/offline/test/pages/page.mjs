// What the tests call in a tab.
import { open, write } from './device.mjs'

let store
let worker

const answerOf = (from) =>
  new Promise((resolve) => {
    from.onmessage = ({ data }) => resolve(data)
  })

globalThis.tools = {
  open(name, baseUrl, options) {
    store = open(name, baseUrl, options)
  },
  write: (name, times, own) => write(store, name, times, own),
  flush: () => store.flush(),
  status: () => ({ ...store.status, lastError: store.status.lastError?.code }),
  all: (name) => store.account('a').namespace('shop').session(name).getAll(),
  startWorker() {
    worker = new Worker('/worker.mjs', { type: 'module' })
    return answerOf(worker)
  },
  writeInWorker(name, baseUrl, times, own) {
    worker.postMessage({ name, baseUrl, times, own })
    return answerOf(worker)
  },
  async registerServiceWorker(baseUrl) {
    await navigator.serviceWorker.register(`/worker.mjs?${baseUrl}`, { type: 'module' })
    await navigator.serviceWorker.ready
  },
}
