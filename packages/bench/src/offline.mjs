// An offline store compared with its local store alone, and how long it takes to send what was written.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStore } from '@context-store/memory'
import { offlineStore } from '@context-store/offline'
import { sqliteStore } from '@context-store/sqlite'
import { measureInPage } from './in-page.mjs'
import { compareWithLocal } from './offline-writes.mjs'
import { temporaryFolder } from './temporary.mjs'
import { patch3 } from './workload.mjs'

const page = fileURLToPath(new URL('offline-page.mjs', import.meta.url))

export async function offline({ pace, progress }) {
  const folder = temporaryFolder()
  let files = 0
  const sqlite = (durability) => sqliteStore({ path: join(folder, `offline-${files++}.db`), durability })
  const locals = {
    memory: () => memoryStore(),
    'SQLite NORMAL': () => sqlite('relaxed'),
    'SQLite FULL': () => sqlite('full'),
  }
  const rows = []
  for (const [name, local] of Object.entries(locals)) {
    for (const underWay of [1, 64]) {
      rows.push(...(await compareWithLocal({ name, local, underWay, pace, progress })))
    }
  }
  rows.push(...(await measureInPage(page, { pace, progress })))
  const sessions = pace.sessions
  for (const [name, local] of Object.entries(locals)) {
    progress(`offline: push from ${name}`)
    rows.push(await push(name, local(), sessions))
  }
  return rows
}

/** Measures the milliseconds until a remote memory store has received the writes to that many sessions. */
async function push(name, local, sessions) {
  const remote = memoryStore()
  const store = offlineStore({ local, remote, push: 'manual', pull: 'manual' })
  const namespace = store.account('577089').namespace('orders')
  await Promise.all(Array.from({ length: sessions }, (_, i) => namespace.session(`${i}`).patch(patch3(i))))
  const start = performance.now()
  const { pending } = await store.flush()
  const value = Math.round(performance.now() - start)
  const { properties } = (
    await remote.account('577089').namespace('orders').listSessions({ properties: true, limit: 1 })
  ).items[0]
  await store.close()
  if (pending > 0 || properties?.step === undefined) throw new Error(`${pending} sessions were not sent`)
  return {
    backend: 'offline',
    operation: `push of ${sessions} dirty sessions, ${name}`,
    candidate: 'context-store',
    role: 'ours',
    opsPerSecond: null,
    p50: null,
    p99: null,
    ratioToLimit: null,
    ratioToBestPeer: null,
    runs: 1,
    spread: 0,
    note: '',
    value,
    unit: 'ms',
  }
}
