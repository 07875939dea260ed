// What the tests call in a page: each function by `page.evaluate('tools.name(…)')`.
import { batch } from '@context-store/core/adapter'
import { indexedDbStore } from '@context-store/indexeddb'
import { count } from './counting.mjs'
import { kit } from './kit.mjs'

const address = { account: '577089', namespace: 'orders', session: 'c1' }
const stores = new Map()

/** The store of a database, one for each page; with its session. */
function storeOf(name, options) {
  if (!stores.has(name)) stores.set(name, indexedDbStore({ name, ...options }))
  return stores.get(name)
}

const sessionOf = (name) => storeOf(name).session(address)

/** The result of a call, as data. */
async function outcome(call) {
  try {
    return { value: await call() }
  } catch ({ code, outcome, message }) {
    return { code, outcome, message }
  }
}

/** The result of an IndexedDB request. */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

globalThis.tools = {
  /** Runs one case of the kit by its name; returns the error. */
  kitCase: (name) =>
    kit
      .get(name)()
      .then(
        () => '',
        (error) => `${error.message}`,
      ),
  count: (name, times, own) => count(storeOf(name), times, own),
  all: (name) => sessionOf(name).getAll(),
  patch: (name, patch) => outcome(() => sessionOf(name).patch(patch)),
  get: (name) => outcome(() => sessionOf(name).getAll()),
  ready: (name) => outcome(() => storeOf(name).ready()),
  /** Patches one after the other, and reports each acknowledged patch, until the page is closed. */
  async patchForEver(name) {
    for (let n = 1; ; n++) {
      await sessionOf(name).patch({ n, [`p${n % 50}`]: 'x'.repeat(1000) })
      globalThis.acknowledged(n)
    }
  },
  /** The same in a worker of this page. */
  worker: (name, times, own) =>
    new Promise((resolve, reject) => {
      const worker = new Worker('/worker.mjs', { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message))
      worker.postMessage({ name, times, own })
    }),
  /** The same in the service worker of this origin. */
  async serviceWorker(name, times, own) {
    const registration = await navigator.serviceWorker.register('/worker.mjs', { type: 'module' })
    const { active } = await navigator.serviceWorker.ready
    const answered = new Promise((resolve) => {
      navigator.serviceWorker.onmessage = ({ data }) => resolve(data)
    })
    navigator.serviceWorker.startMessages()
    active.postMessage({ name, times, own })
    const said = await answered
    await registration.unregister()
    return said
  },
  /** Deletes a database; `blocked` if another page has it open. */
  deleteDatabase: (name) =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onblocked = () => resolve('blocked')
      request.onsuccess = () => resolve('deleted')
      request.onerror = () => reject(request.error)
    }),
  /** Opens a database as another program would, with its own version and object store, and closes it. */
  async foreignDatabase(name, version) {
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => request.result.createObjectStore('theirs').put('kept', 'key')
    ;(await answer(request)).close()
  },
  /** What that program finds. */
  async foreignValue(name) {
    const database = await answer(indexedDB.open(name))
    const value = await answer(database.transaction('theirs').objectStore('theirs').get('key'))
    const { version } = database
    database.close()
    return { value, version, stores: [...database.objectStoreNames] }
  },
  /** Fills the storage that the origin may use with patches of several sessions, then with a batch. */
  async fill(name) {
    const store = storeOf(name)
    const session = (id) => store.session({ ...address, session: `${id}` })
    // Random, so that it cannot be compressed.
    const characters = Array.from({ length: 300_000 }, () => 33 + Math.floor(Math.random() * 90))
    const text = characters.map((code) => String.fromCharCode(code)).join('')
    let written = 0
    let failed
    while (failed === undefined) {
      const result = await outcome(() => session(written).patch({ text, and: Math.random() }))
      if (result.code === undefined) written++
      else failed = result
    }
    const changed = { first: 1, text: `${text}!` }
    const both = await outcome(() =>
      batch(store, [
        { address: { ...address, session: 'small' }, patch: { first: 1 } },
        ...Array.from({ length: 20 }, (_, i) => ({
          address: { ...address, session: `large ${i}` },
          patch: changed,
        })),
      ]),
    )
    const left = []
    for await (const { id } of store.account('577089').namespace('orders').sessions()) left.push(id)
    return { written, failed, both, left: left.length, read: (await session(0).getAll()).text.length }
  },
}
