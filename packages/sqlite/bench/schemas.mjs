// Compares layouts for a session in SQLite, and the store, with L, the engine's limit: a row with an integer key and the
// same amount of text. Everything is measured in one run, interleaved, with medians: only the ratios count.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyDocument, patchDocument, readDocument, readDocumentProperty } from '@context-store/core/adapter'
import { sqliteStore } from '@context-store/sqlite'
import Database from 'better-sqlite3'

const rounds = Number(process.env.BENCH_ROUNDS ?? 7)
const folder = mkdtempSync(join(tmpdir(), 'sqlite-bench-'))

let seed = 42
function random(below) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % below
}

/** Has a constant length, like L's text: a row that grows costs more in any layout. */
let written = 1_000_000
/** Never the same twice, because SQLite skips a write that changes no byte. */
function nextValue(index) {
  written++
  if (index === 3) return { city: `town ${written}`, zip: written, open: true }
  if (index % 4 === 1) return written
  if (index % 4 === 2) return written % 2 === 0
  return `the answer to question ${written}`
}

function properties(count) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`property${index}`, nextValue(index)]),
  )
}

/** Three different properties, none of them the nested one. */
function three(count) {
  const first = 4 + random(count - 4)
  const indexes = [first, 4 + ((first - 3) % (count - 4)), 0]
  return Object.fromEntries(indexes.map((index) => [`property${index}`, nextValue(index)]))
}

/** The arguments of the calls, created before the measurement. */
const inputs = {
  create: (count) => properties(count),
  patch3: (count) => three(count),
  getAll: () => undefined,
  getOne: (count) => `property${random(count)}`,
}

function open(name, synchronous) {
  const database = new Database(join(folder, `${name}.db`))
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  return database
}

function inTransaction(database) {
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')]
  return (write) => {
    begin.run()
    write()
    commit.run()
  }
}

function limit(count) {
  const database = open(`limit-${count}`, 'NORMAL')
  database.exec('CREATE TABLE l (k INTEGER PRIMARY KEY, t TEXT)')
  const add = database.prepare('INSERT INTO l VALUES (?, ?)')
  const put = database.prepare('UPDATE l SET t = ? WHERE k = ?')
  const get = database.prepare('SELECT t FROM l WHERE k = ?')
  const text = JSON.stringify(properties(count))
  const fresh = () => `${++written}${text.slice(7)}`
  return {
    create: (session) => add.run(session, fresh()),
    patch3: (session) => put.run(fresh(), session),
    getAll: (session) => get.get(session).t,
    getOne: (session) => get.get(session).t,
  }
}

function lines(count) {
  const database = open(`lines-${count}`, 'NORMAL')
  database.exec('CREATE TABLE d (key INTEGER PRIMARY KEY, id TEXT UNIQUE, document TEXT)')
  const add = database.prepare('INSERT INTO d (id, document) VALUES (?, ?)')
  const put = database.prepare('UPDATE d SET document = ? WHERE key = ?')
  const get = database.prepare('SELECT document FROM d WHERE key = ?')
  const write = inTransaction(database)
  const merged = (document, values) => {
    return patchDocument(document, { names: Object.keys(values), values: Object.values(values) })
  }
  return {
    create: (session, values) => write(() => add.run(`session${session}`, merged(emptyDocument, values))),
    patch3: (session, values) => write(() => put.run(merged(get.get(session).document, values), session)),
    getAll: (session) => readDocument(get.get(session).document),
    getOne: (session, name) => readDocumentProperty(get.get(session).document, name),
  }
}

function jsonSet(count) {
  const database = open(`json-set-${count}`, 'NORMAL')
  database.exec('CREATE TABLE d (key INTEGER PRIMARY KEY, id TEXT UNIQUE, document TEXT)')
  const add = database.prepare('INSERT INTO d (id, document) VALUES (?, ?)')
  const put = database.prepare(
    'UPDATE d SET document = json_set(document, ?, json(?), ?, json(?), ?, json(?)) WHERE key = ?',
  )
  const get = database.prepare('SELECT document FROM d WHERE key = ?')
  const getOne = database.prepare('SELECT document -> ? AS value FROM d WHERE key = ?')
  const path = (name) => `$.${JSON.stringify(name)}`
  return {
    create: (session, values) => add.run(`session${session}`, JSON.stringify(values)),
    patch3: (session, values) => {
      const pairs = Object.entries(values).flatMap(([name, value]) => [path(name), JSON.stringify(value)])
      put.run(...pairs, session)
    },
    getAll: (session) => JSON.parse(get.get(session).document),
    getOne: (session, name) => JSON.parse(getOne.get(path(name), session).value),
  }
}

function rows(count) {
  const database = open(`rows-${count}`, 'NORMAL')
  database.exec(`CREATE TABLE s (key INTEGER PRIMARY KEY, id TEXT UNIQUE);
    CREATE TABLE p (session INTEGER, name TEXT, value TEXT, PRIMARY KEY (session, name)) WITHOUT ROWID`)
  const add = database.prepare('INSERT INTO s (id) VALUES (?)')
  const put = database.prepare(
    'INSERT INTO p VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  )
  const get = database.prepare('SELECT name, value FROM p WHERE session = ?')
  const getOne = database.prepare('SELECT value FROM p WHERE session = ? AND name = ?')
  const write = inTransaction(database)
  const putAll = (session, values) => {
    for (const [name, value] of Object.entries(values)) put.run(session, name, JSON.stringify(value))
  }
  return {
    create: (session, values) =>
      write(() => {
        add.run(`session${session}`)
        putAll(session, values)
      }),
    patch3: (session, values) => write(() => putAll(session, values)),
    getAll: (session) =>
      Object.fromEntries(get.all(session).map(({ name, value }) => [name, JSON.parse(value)])),
    getOne: (session, name) => JSON.parse(getOne.get(session, name).value),
  }
}

function store(count) {
  const { sync } = sqliteStore({ path: join(folder, `store-${count}.db`), durability: 'relaxed' })
  const namespace = sync.account('577089').namespace('orders')
  const handles = []
  return {
    create: (session, values) => {
      handles[session] = namespace.session(`session${session}`)
      handles[session].patch(values)
    },
    patch3: (session, values) => handles[session].patch(values),
    getAll: (session) => handles[session].getAll(),
    getOne: (session, name) => handles[session].get(name),
    close: () => sync.close(),
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

function table(title, results, base) {
  console.log(`\n${title}`)
  const operations = Object.keys(results[base])
  console.log(`${''.padEnd(28)}${operations.map((name) => name.padStart(16)).join('')}`)
  for (const [name, measured] of Object.entries(results)) {
    const cells = operations.map((operation) => {
      const ratio = median(measured[operation].map((speed, round) => speed / results[base][operation][round]))
      return `${median(measured[operation]).toFixed(1).padStart(9)} (${ratio.toFixed(2)})`
    })
    console.log(`${name.padEnd(28)}${cells.map((cell) => cell.padStart(16)).join('')}`)
  }
}

/** Creates `sessions`, then makes calls on at most 10,000 of them. */
function measureSchemas(count, sessions, calls) {
  const engines = {
    L: limit(count),
    'lines, spliced in JS': lines(count),
    'document, json_set': jsonSet(count),
    'a row per property': rows(count),
    'the store, sync': store(count),
  }
  const results = Object.fromEntries(Object.keys(engines).map((name) => [name, {}]))
  const measure = (name, operation, numbers) => {
    const calls = numbers.map((session) => [session, inputs[operation](count)])
    const engine = engines[name]
    const start = performance.now()
    for (const [session, input] of calls) engine[operation](session, input)
    results[name][operation] ??= []
    results[name][operation].push(calls.length / (performance.now() - start))
  }
  const perRound = Math.ceil(sessions / rounds)
  for (let round = 0; round < rounds; round++) {
    const numbers = Array.from({ length: perRound }, (_, i) => 1 + round * perRound + i)
    for (const name of Object.keys(engines)) measure(name, 'create', numbers)
  }
  for (let round = 0; round < rounds; round++) {
    for (const operation of ['patch3', 'getAll', 'getOne']) {
      const numbers = Array.from({ length: calls }, () => 1 + random(Math.min(10_000, perRound * rounds)))
      for (const name of Object.keys(engines)) measure(name, operation, numbers)
    }
  }
  engines['the store, sync'].close()
  table(`${count} properties, thousands a second (to L), NORMAL`, results, 'L')
  if (count === 12) {
    const bytes = statSync(join(folder, 'store-12.db')).size / (perRound * rounds)
    const text = JSON.stringify(properties(count)).length
    console.log(`${bytes.toFixed(0)} bytes of file a session, of ${text} bytes as JSON`)
  }
}

async function measureGroups(sessions, calls) {
  const database = open('limit-full', 'FULL')
  database.exec('CREATE TABLE l (k INTEGER PRIMARY KEY, t TEXT)')
  const text = JSON.stringify(properties(12))
  const add = database.prepare('INSERT INTO l VALUES (?, ?)')
  const put = database.prepare('UPDATE l SET t = ? WHERE k = ?')
  const write = inTransaction(database)
  const full = sqliteStore({ path: join(folder, 'store-full.db') })
  const namespace = full.account('577089').namespace('orders')
  const handles = Array.from({ length: sessions }, (_, session) => namespace.session(`session${session}`))
  write(() => {
    for (let session = 0; session < sessions; session++) add.run(session, text)
  })
  await Promise.all(handles.map((handle) => handle.patch(properties(12))))
  const results = { 'L in transactions of 64': { patch3: [] }, 'the store, 64 under way': { patch3: [] } }
  for (let round = 0; round < rounds; round++) {
    let start = performance.now()
    for (let done = 0; done < calls; done += 64) {
      write(() => {
        for (let i = 0; i < 64; i++) put.run(`${++written}${text.slice(7)}`, random(sessions))
      })
    }
    results['L in transactions of 64'].patch3.push(calls / (performance.now() - start))
    const patches = Array.from({ length: calls }, () => three(12))
    const caller = async () => {
      for (let patch = patches.pop(); patch !== undefined; patch = patches.pop()) {
        await handles[random(sessions)].patch(patch)
      }
    }
    start = performance.now()
    await Promise.all(Array.from({ length: 64 }, caller))
    results['the store, 64 under way'].patch3.push(calls / (performance.now() - start))
  }
  await full.close()
  table('12 properties, thousands a second (to L), FULL', results, 'L in transactions of 64')
}

try {
  measureSchemas(12, 42_000, 3_000)
  measureSchemas(100, 2_000, 1_000)
  measureSchemas(1_000, 350, 300)
  await measureGroups(10_000, 6_400)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
