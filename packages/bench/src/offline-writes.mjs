// The writes of an offline store compared with those of its local store alone; in Node and in a page.
import { memoryStore } from '@context-store/memory'
import { offlineStore } from '@context-store/offline'
import { compare } from './measure.mjs'
import { patch3, seeded, sessionOf } from './workload.mjs'

const sessions = 1000

export async function compareWithLocal({ name, local, underWay, pace, progress }) {
  const alone = local()
  const store = offlineStore({ local: local(), remote: memoryStore(), push: 'manual', pull: 'manual' })
  const random = seeded()
  const patching = (handles) => (i) => handles[random(sessions)].patch(patch3(i))
  const rows = await compare({
    backend: 'offline',
    operation: `patch3, ${name}${underWay > 1 ? `, ${underWay} under way` : ''}`,
    underWay,
    pace,
    progress,
    candidates: [
      { name: 'the local store alone', role: 'limit', call: patching(await filled(alone)) },
      { name: '@context-store/offline', role: 'ours', call: patching(await filled(store)) },
    ],
  })
  await Promise.all([alone.close(), store.close()])
  return rows
}

async function filled(store) {
  const namespace = store.account('577089').namespace('orders')
  const handles = Array.from({ length: sessions }, (_, i) => namespace.session(`customer-${i}`))
  await Promise.all(handles.map((handle, i) => handle.patch(sessionOf(i))))
  return handles
}
