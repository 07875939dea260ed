// The part of indexeddb.mjs that runs in the page.
import { indexedDbStore } from '@context-store/indexeddb'
import { compare } from './measure.mjs'
import { patch3, seeded, sessionOf } from './workload.mjs'

const sessions = 1000

globalThis.measure = async (pace) => {
  const rows = []
  for (const durability of ['relaxed', 'strict']) {
    const { database, text } = await bareDatabase(durability)
    const handles = await filledStore(durability)
    const random = seeded()
    const bare = (mode) => database.transaction('sessions', mode, { durability }).objectStore('sessions')
    const write = (i) => {
      const key = random(sessions)
      const store = bare('readwrite')
      return done(store.transaction, () => {
        store.get(key).onsuccess = () => store.put(`${text}${i}`, key)
      })
    }
    const measured = (operation, underWay, limit, ours) =>
      compare({
        backend: 'indexeddb',
        operation,
        underWay,
        pace,
        progress: globalThis.progress,
        candidates: [
          { name: 'bare transaction', role: 'limit', call: limit },
          { name: '@context-store/indexeddb', role: 'ours', call: ours },
        ],
      })
    const patch = (i) => handles[random(sessions)].patch(patch3(i))
    rows.push(...(await measured(`patch3, ${durability}`, 1, write, patch)))
    rows.push(...(await measured(`patch3, ${durability}, 64 under way`, 64, write, patch)))
    if (durability === 'strict') continue
    const read = () =>
      new Promise((resolve, reject) => {
        const request = bare('readonly').get(random(sessions))
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const getAll = () => handles[random(sessions)].getAll()
    rows.push(...(await measured('getAll', 1, read, getAll)))
    rows.push(...(await measured('getAll, 64 under way', 64, read, getAll)))
  }
  return rows
}

async function bareDatabase(durability) {
  const text = JSON.stringify(sessionOf(1))
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(`bare ${durability}`)
    request.onupgradeneeded = () => request.result.createObjectStore('sessions')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const store = database.transaction('sessions', 'readwrite').objectStore('sessions')
  await done(store.transaction, () => {
    for (let key = 0; key < sessions; key++) store.put(text, key)
  })
  return { database, text }
}

async function filledStore(durability) {
  const store = indexedDbStore({
    name: `ours ${durability}`,
    durability: durability === 'strict' ? 'full' : 'relaxed',
  })
  const namespace = store.account('577089').namespace('orders')
  const handles = Array.from({ length: sessions }, (_, i) => namespace.session(`customer-${i}`))
  await Promise.all(handles.map((handle, i) => handle.patch(sessionOf(i))))
  return handles
}

function done(transaction, work) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    transaction.onabort = () => reject(transaction.error)
    work()
  })
}
