// The part of offline.mjs that runs in the page.
import { indexedDbStore } from '@context-store/indexeddb'
import { compareWithLocal } from './offline-writes.mjs'

globalThis.measure = async (pace) => {
  const rows = []
  let databases = 0
  const local = () => indexedDbStore({ name: `offline ${databases++}`, durability: 'relaxed' })
  for (const underWay of [1, 64]) {
    const { progress } = globalThis
    rows.push(...(await compareWithLocal({ name: 'IndexedDB relaxed', local, underWay, pace, progress })))
  }
  return rows
}
