// How long things take to start, in separate processes, beyond what an empty node takes.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answers } from './http.mjs'
import { median, round3 } from './measure.mjs'
import { peerCommand, peersFolder } from './peers.mjs'
import { start as begin, freePort, output, stop } from './processes.mjs'
import { temporaryFolder } from './temporary.mjs'
import { sessionOf } from './workload.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const cli = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))
const openApi = fileURLToPath(import.meta.resolve('@context-store/rest/openapi.json'))

const emptyModule = join(temporaryFolder(), 'empty.mjs')
writeFileSync(emptyModule, '')

const programs = {
  'an empty node': '',
  'import an empty file': `import ${JSON.stringify(emptyModule)}`,
  'import core': "import '@context-store/core'",
  'import memory': "import '@context-store/memory'",
  'import sqlite': "import '@context-store/sqlite'",
  'import redis': "import '@context-store/redis'",
  'import rest': "import '@context-store/rest'",
  'import rest/testing': "import '@context-store/rest/testing'",
  'memory: to the first patch': `import { memoryStore } from '@context-store/memory'
    await memoryStore().session({ account: 'a', namespace: 'n' }).patch({ p: 1 })`,
  'sqlite: to the first patch': `import { sqliteStore } from '@context-store/sqlite'
    await sqliteStore({ path: ':memory:' }).session({ account: 'a', namespace: 'n' }).patch({ p: 1 })`,
}

export async function start({ pace, progress }) {
  const runs = pace.isShort ? 2 : 15
  const folder = temporaryFolder()
  const times = new Map(Object.keys(programs).map((name) => [name, []]))
  for (let round = 0; round < runs; round++) {
    // Rotate the order: the first program of a round is slowed down by the last one of the round before.
    const inTurn = Object.entries(programs)
    inTurn.push(...inTurn.splice(0, round % inTurn.length))
    for (const [name, text] of inTurn) {
      progress(`start: ${name}`)
      const begun = performance.now()
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
        cwd: here,
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${name}: ${stderr}`)
      times.get(name).push(performance.now() - begun)
    }
  }
  const empty = median(times.get('an empty node'))
  const rows = [...times].map(([name, values]) =>
    name === 'an empty node'
      ? row(name, empty, runs, 'node', 'limit')
      : name === 'import an empty file'
        ? row(`${name}, over an empty node`, median(values) - empty, runs, 'node', 'limit')
        : row(`${name}, over an empty node`, median(values) - empty, runs),
  )
  rows.push(...(await servers(runs, empty, folder, progress)))
  rows.push(...(await doubles(pace, progress)))
  return rows
}

/** The time from the command line to the first response. */
async function servers(runs, empty, folder, progress) {
  const port = await freePort()
  const file = join(folder, 'first.db')
  const own = '/v1/account/577089'
  const serve = [cli, 'serve', '--quiet', '--port', port, '--db', file]
  const database = join(folder, 'db.json')
  writeFileSync(database, JSON.stringify({ orders: [{ id: 'c1', ...sessionOf(1) }] }))
  const jsonServer = [peerCommand('json-server'), '--quiet', '--port', port, database]
  const prism = [
    peerCommand('@stoplight/prism-cli'),
    'mock',
    '--port',
    port,
    '--verboseLevel',
    'silent',
    openApi,
  ]
  const commands = [
    ['context-store serve', 'ours', runs, own, serve],
    ['json-server', 'peer', Math.min(runs, 3), '/orders/c1', jsonServer],
    ['Prism', 'peer', Math.min(runs, 3), own, prism],
  ]
  const rows = []
  for (const [name, role, count, path, command] of commands) {
    const times = []
    for (let i = 0; i < count; i++) {
      progress(`start: ${name}`)
      const begun = performance.now()
      const child = begin(process.execPath, command.map(String), { cwd: peersFolder, stdio: 'ignore' })
      await (await answers(`http://127.0.0.1:${port}${path}`)).arrayBuffer()
      times.push(performance.now() - begun)
      await stop(child)
    }
    rows.push(row('serve to the first answer, over an empty node', median(times) - empty, count, name, role))
  }
  return rows
}

async function doubles(pace, progress) {
  progress('start: the double')
  const program = join(here, 'double.mjs')
  const found = JSON.parse(await output(process.execPath, [program, pace.isShort ? '20' : '300']))
  return Object.entries(found).map(([operation, milliseconds]) => row(operation, milliseconds, 1))
}

function row(operation, milliseconds, runs, candidate = 'context-store', role = 'ours') {
  return {
    backend: 'start',
    operation,
    candidate,
    role,
    opsPerSecond: null,
    p50: null,
    p99: null,
    ratioToLimit: null,
    ratioToBestPeer: null,
    runs,
    spread: 0,
    value: round3(milliseconds),
    unit: 'ms',
    note: '',
  }
}
