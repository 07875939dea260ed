// The REST server compared with bare node:http and a merge into a Map, with 50 connections from a separate process; and one
// request at a time, as in a test, to these servers and to the double.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, percentile, round3, withRatios } from './measure.mjs'
import { peerCommand, peersFolder } from './peers.mjs'
import { freePort, output, start, stop } from './processes.mjs'
import { temporaryFolder } from './temporary.mjs'
import { sessionOf } from './workload.mjs'

const serving = fileURLToPath(new URL('http-server.mjs', import.meta.url))
const loading = fileURLToPath(new URL('http-load.mjs', import.meta.url))
const fetching = fileURLToPath(new URL('fetch-load.mjs', import.meta.url))
const openApi = fileURLToPath(import.meta.resolve('@context-store/rest/openapi.json'))

const ownPath = '/v1/account/577089/orders/c1/properties'

export async function http({ pace, progress }) {
  const folder = temporaryFolder()
  const database = join(folder, 'db.json')
  writeFileSync(database, JSON.stringify({ orders: [{ id: 'c1', ...sessionOf(1) }] }))
  const ports = []
  for (let i = 0; i < 6; i++) ports.push(await freePort())
  const servers = [
    { name: 'bare node:http', role: 'limit', path: ownPath, command: [serving, 'bare', ports[0]] },
    { name: '@context-store/rest', role: 'ours', path: ownPath, command: [serving, 'ours', ports[1]] },
    {
      name: 'fastify',
      role: 'peer',
      isFramework: true,
      path: ownPath,
      command: [serving, 'fastify', ports[2]],
    },
    { name: 'hono', role: 'peer', isFramework: true, path: ownPath, command: [serving, 'hono', ports[3]] },
    {
      name: 'json-server',
      role: 'peer',
      path: '/orders/c1',
      command: [peerCommand('json-server'), '--quiet', '--port', ports[4], database],
    },
    {
      name: 'Prism',
      role: 'peer',
      path: ownPath,
      note: 'keeps nothing',
      command: [
        peerCommand('@stoplight/prism-cli'),
        'mock',
        '--port',
        ports[5],
        '--verboseLevel',
        'silent',
        openApi,
      ],
    },
  ]
  const targets = servers.map((server, at) => ({ ...server, where: ports[at] }))
  const doubles = [
    { name: 'the double on a port', role: 'ours', path: ownPath, where: 'double' },
    { name: 'the double, intercepted', role: 'ours', path: ownPath, where: 'interceptor' },
  ]
  const children = servers.map(({ command }) => {
    const child = start(process.execPath, command.map(String), { cwd: peersFolder, stdio: 'ignore' })
    return child
  })
  const rows = []
  try {
    for (const { where, path } of targets) await answers(`http://127.0.0.1:${where}${path}`)
    for (const method of ['GET', 'PATCH']) {
      rows.push(...(await load(loading, targets, method, method, pace, progress)))
    }
    for (const method of ['GET', 'PATCH']) {
      const operation = `${method}, one at a time`
      rows.push(...(await load(fetching, [...targets, ...doubles], method, operation, pace, progress)))
    }
  } finally {
    await Promise.all(children.map(stop))
  }
  return rows
}

/** Measures a method with a program that sends it to one server at a time; returns the rows. */
async function load(program, targets, method, operation, pace, progress) {
  const results = targets.map(() => [])
  for (let round = 0; round < (pace.isShort ? 1 : 5); round++) {
    for (const [at, { name, where, path }] of targets.entries()) {
      progress(`http ${operation}: ${name}`)
      const args = [program, String(where), method, path, String(5 * pace.roundMs)]
      results[at].push(JSON.parse(await output(process.execPath, args)))
    }
  }
  return withRatios(targets.map((target, at) => rowOf(target, operation, results[at])))
}

function rowOf({ name, role, isFramework = false, note = '' }, operation, results) {
  const rates = results.map(({ rate }) => rate)
  const bad = results.reduce((sum, result) => sum + result.bad, 0)
  const times = results.flatMap((result) => result.times)
  if (role !== 'peer' && bad > 0) throw new Error(`${name}: ${bad} responses had a wrong status`)
  return {
    backend: 'http',
    operation,
    candidate: name,
    role,
    // A framework is for writing a double; the peers are ready-made doubles.
    isPeerThatDoes: !isFramework,
    opsPerSecond: Math.round(median(rates)),
    p50: round3(percentile(times, 0.5)),
    p99: round3(percentile(times, 0.99)),
    runs: rates.length,
    spread: round3((Math.max(...rates) - Math.min(...rates)) / median(rates)),
    note: bad > 0 ? `${bad} responses were errors` : note,
  }
}

/** Waits until a server answers. */
export async function answers(url, patienceMs = 30_000) {
  const until = performance.now() + patienceMs
  for (;;) {
    try {
      return await fetch(url, { headers: { 'maven-api-key': 'any' } })
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
