// The SQLite store compared with better-sqlite3's own statements on a table of an integer key and 400 bytes of text (L).
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { sqliteStore } from '@context-store/sqlite'
import Database from 'better-sqlite3'
import { compare, median, percentile, round3, steady } from './measure.mjs'
import { peer } from './peers.mjs'
import { output } from './processes.mjs'
import { temporaryFolder } from './temporary.mjs'
import { patch3, seeded, sessionOf, sessionOfSize } from './workload.mjs'

const folder = temporaryFolder()
let files = 0
const newFile = () => join(folder, `${files++}.db`)

export async function sqlite({ pace, progress }) {
  const context = { pace, progress, backend: 'sqlite' }
  const rows = []
  const sides = [
    limit('NORMAL', pace.sessions),
    await store('relaxed', pace.sessions),
    await keyv(true, pace.sessions),
  ]
  for (const operation of ['patch3', 'getAll', 'getOne', 'create', 'list100']) {
    const candidates = sides.flatMap((side) => side.sync[operation] ?? [])
    rows.push(...(await compare({ ...context, operation: `sync ${operation}, NORMAL`, candidates })))
  }
  for (const side of sides) side.close()

  const durable = [
    limit('FULL', pace.sessions),
    await store('full', pace.sessions),
    await keyv(false, pace.sessions),
  ]
  for (const underWay of [64, 1]) {
    const title = underWay === 1 ? 'one at a time' : '64 under way'
    for (const operation of underWay === 1 ? ['patch3'] : ['patch3', 'getAll', 'create']) {
      const candidates = durable.flatMap(
        (side) => side[underWay === 1 ? 'alone' : 'together'][operation] ?? [],
      )
      rows.push(
        ...(await compare({ ...context, operation: `${operation}, FULL, ${title}`, candidates, underWay })),
      )
    }
  }
  rows.push(await lateAnswers(durable[1], rows, context), await loopDelay(durable[1], context))
  for (const side of durable) side.close()

  for (const size of [10, 100, 1000]) rows.push(...(await bySize(size, context)))
  rows.push(...(await fileSizes(context)))
  rows.push(...(await processes(context)))
  if (!pace.isShort) for (const count of [10_000, 1_000_000]) rows.push(...(await grown(count, context)))
  return rows
}

/** L: the engine's limit, if a session is a text of the same length. */
function limit(synchronous, count) {
  const database = new Database(newFile())
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; CREATE TABLE l (k INTEGER PRIMARY KEY, t TEXT)`,
  )
  const add = database.prepare('INSERT INTO l VALUES (?, ?)')
  const put = database.prepare('UPDATE l SET t = ? WHERE k = ?')
  const get = database.prepare('SELECT t FROM l WHERE k = ?')
  const text = JSON.stringify(sessionOf(1))
  let written = 1_000_000
  const fresh = () => `${written++}${text.slice(7)}`
  let created = 0
  database.transaction(() => {
    while (created < count) add.run(created++, fresh())
  })()
  const next = seeded()
  const doing = (call, batch = 1) => ({
    name: 'better-sqlite3 (L)',
    role: 'limit',
    isSync: true,
    call,
    batch,
  })
  const inOne = (call) => {
    const run = database.transaction(() => {
      for (let i = 0; i < 64; i++) call()
    })
    return doing(() => run(), 64)
  }
  const patch = () => put.run(fresh(), next(count))
  const create = () => add.run(created++, fresh())
  return {
    sync: {
      patch3: doing(patch),
      getAll: doing(() => get.get(next(count)).t),
      getOne: doing(() => get.get(next(count)).t),
      create: doing(create),
    },
    alone: { patch3: doing(patch) },
    together: { patch3: inOne(patch), create: inOne(create) },
    close: () => database.close(),
  }
}

async function store(durability, count) {
  const opened = sqliteStore({ path: newFile(), durability })
  const namespace = opened.account('577089').namespace('orders')
  const handles = Array.from({ length: count }, (_, i) => namespace.session(`session-${i}`))
  const syncNamespace = opened.sync.account('577089').namespace('orders')
  const syncHandles = handles.map((_, i) => syncNamespace.session(`session-${i}`))
  await Promise.all(handles.map((handle, i) => handle.patch(sessionOf(i))))
  const next = seeded()
  let created = 0
  const verify = () => {
    const { step, ...others } = syncHandles[0].getAll()
    if (typeof step !== 'number' || Object.keys(others).length !== 11)
      throw new Error('a session is incomplete')
  }
  const doing = (isSync, call) => ({
    name: isSync ? 'sqliteStore, sync' : 'sqliteStore',
    role: 'ours',
    isSync,
    call,
    verify,
  })
  const patch = doing(false, (i) => handles[next(count)].patch(patch3(i)))
  return {
    sync: {
      patch3: doing(true, (i) => syncHandles[next(count)].patch(patch3(i))),
      getAll: doing(true, () => syncHandles[next(count)].getAll()),
      getOne: doing(true, () => syncHandles[next(count)].get('step')),
      create: doing(true, () => syncNamespace.session(`new-${created++}`).patch(sessionOf(created))),
      list100: doing(true, () => syncNamespace.listSessions()),
    },
    alone: { patch3: patch },
    together: {
      patch3: patch,
      getAll: doing(false, () => handles[next(count)].getAll()),
      create: doing(false, () => namespace.session(`new-${created++}`).patch(sessionOf(created))),
    },
    close: () => opened.sync.close(),
  }
}

/** Keyv, which reads, merges and writes; with WAL and NORMAL set, or with its defaults. */
async function keyv(isTuned, count) {
  const { Keyv } = peer('keyv')
  const { default: KeyvSqlite } = peer('@keyv/sqlite')
  const adapter = new KeyvSqlite({ uri: `sqlite://${newFile()}` })
  if (isTuned) {
    await adapter.query('PRAGMA journal_mode = WAL')
    await adapter.query('PRAGMA synchronous = NORMAL')
  }
  const kept = new Keyv({ store: adapter })
  // By default each set is a transaction of the rollback journal, which is slow: fewer calls are enough.
  const there = Math.min(count, isTuned ? 10_000 : 500)
  for (let i = 0; i < there; i++) await kept.set(`session-${i}`, sessionOf(i))
  const next = seeded()
  let created = 0
  const name = isTuned ? 'Keyv + @keyv/sqlite, WAL' : 'Keyv + @keyv/sqlite, as it comes'
  const patchOf = async (key, properties) => kept.set(key, { ...(await kept.get(key)), ...properties })
  const verify = async () => {
    await kept.set('contested', {})
    await Promise.all(Array.from({ length: 64 }, (_, i) => patchOf('contested', { [`p${i}`]: true })))
    return `loses ${64 - Object.keys(await kept.get('contested')).length} of 64 patches at once`
  }
  const doing = (call) => ({ name, role: 'peer', call })
  const patch = { ...doing((i) => patchOf(`session-${next(there)}`, patch3(i))), verify }
  return {
    sync: {
      patch3: patch,
      getAll: doing(() => kept.get(`session-${next(there)}`)),
      getOne: doing(async () => (await kept.get(`session-${next(there)}`)).step),
      create: doing(() => kept.set(`new-${created++}`, sessionOf(created))),
    },
    alone: { patch3: patch },
    together: {
      patch3: patch,
      getAll: doing(() => kept.get(`session-${next(there)}`)),
      create: doing(() => kept.set(`new-${created++}`, sessionOf(created))),
    },
    close: () => kept.disconnect(),
  }
}

/** How long the event loop is blocked while durable patches are pending. */
async function loopDelay(side, { pace, progress, backend }) {
  progress('sqlite event loop')
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const until = performance.now() + 4 * pace.roundMs
  delay.enable()
  let calls = 0
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      while (performance.now() < until) await side.together.patch3.call(calls++)
    }),
  )
  delay.disable()
  return plain(
    backend,
    'event loop delay, p99, 64 durable patches under way',
    round3(delay.percentile(99) / 1e6),
    'ms',
  )
}

async function lateAnswers(side, rows, { pace, progress, backend }) {
  progress('sqlite at half the rate')
  const top = rows.find(
    ({ operation, role }) => operation === 'patch3, FULL, 64 under way' && role === 'ours',
  )
  const times = await steady((i) => side.together.patch3.call(i), top.opsPerSecond / 2, 4 * pace.roundMs)
  return {
    ...plain(backend, 'patch3, FULL, at half the top rate', null, null),
    opsPerSecond: Math.round(top.opsPerSecond / 2),
    p50: round3(percentile(times, 0.5)),
    p99: round3(percentile(times, 0.99)),
  }
}

async function bySize(size, { pace, progress, backend }) {
  const opened = sqliteStore({ path: newFile(), durability: 'relaxed' })
  const sessions = Array.from({ length: 100 }, (_, i) =>
    opened.sync.session({ account: 'a', namespace: 'n', session: `s${i}` }),
  )
  for (const session of sessions) session.patch(sessionOfSize(size, 1))
  const patch = (i) => sessions[i % 100].patch({ property0: i, property1: -i, property2: `changed ${i}` })
  const candidates = [{ name: 'sqliteStore, sync', role: 'ours', isSync: true, call: patch }]
  const rows = await compare({ backend, operation: `patch3, session of ${size}`, candidates, pace, progress })
  opened.sync.close()
  return rows
}

async function fileSizes({ pace, backend }) {
  const count = pace.isShort ? 5000 : 100_000
  const path = newFile()
  const opened = sqliteStore({ path, durability: 'relaxed' })
  const namespace = opened.account('577089').namespace('orders')
  await Promise.all(
    Array.from({ length: count }, (_, i) => namespace.session(`session-${i}`).patch(sessionOf(i))),
  )
  opened.sync.close()
  return [plain(backend, 'file', Math.round(statSync(path).size / count), 'bytes a session')]
}

/** The same file, used by one process and by two. */
async function processes({ pace, progress, backend }) {
  const program = fileURLToPath(new URL('sqlite-process.mjs', import.meta.url))
  const rows = []
  for (const count of [1, 2]) {
    progress(`sqlite: processes, ${count}`)
    const path = newFile()
    const rates = await Promise.all(
      Array.from({ length: count }, async () =>
        Number(await output(process.execPath, [program, path, String(4 * pace.roundMs)])),
      ),
    )
    const opened = sqliteStore({ path })
    const { patches } = await opened.session({ account: 'a', namespace: 'n', session: 'count' }).getAll()
    await opened.close()
    if (patches !== count) throw new Error('a process was not counted')
    rows.push({
      ...plain(
        backend,
        `patch3, FULL, 64 under way, ${count === 1 ? 'one process' : 'each of two processes'}`,
        null,
        null,
      ),
      opsPerSecond: Math.round(median(rates)),
    })
  }
  return rows
}

async function grown(count, { pace, progress, backend }) {
  progress(`sqlite: ${count} sessions`)
  const opened = sqliteStore({ path: newFile(), durability: 'relaxed' })
  const namespace = opened.account('577089').namespace('orders')
  for (let from = 0; from < count; from += 10_000) {
    await Promise.all(
      Array.from({ length: Math.min(10_000, count - from) }, (_, i) =>
        namespace.session(`session-${from + i}`).patch(sessionOf(i)),
      ),
    )
  }
  const next = seeded()
  const session = () =>
    opened.sync.session({ account: '577089', namespace: 'orders', session: `session-${next(count)}` })
  const rows = []
  for (const [operation, call] of [
    ['patch3', (i) => session().patch(patch3(i))],
    ['getAll', () => session().getAll()],
    ['getOne', () => session().get('step')],
  ]) {
    const candidates = [{ name: 'sqliteStore, sync', role: 'ours', isSync: true, call }]
    rows.push(
      ...(await compare({
        backend,
        operation: `${operation}, ${count} sessions`,
        candidates,
        pace,
        progress,
      })),
    )
  }
  opened.sync.close()
  return rows
}

function plain(backend, operation, value, unit) {
  const none = { opsPerSecond: null, p50: null, p99: null, ratioToLimit: null, ratioToBestPeer: null }
  return {
    backend,
    operation,
    candidate: 'sqliteStore',
    role: 'ours',
    ...none,
    runs: 1,
    spread: 0,
    note: '',
    value,
    unit,
  }
}
