// The Redis store compared with bare commands on the same kind of client, and with a script that does nothing.
import { fileURLToPath } from 'node:url'
import { redisStore } from '@context-store/redis'
import { createClient } from '@keyv/redis'
import { compare, median, percentile, round3, steady } from './measure.mjs'
import { peer } from './peers.mjs'
import { freePort, output, start, stop } from './processes.mjs'
import { patch3, seeded, sessionOf } from './workload.mjs'

export async function redis({ pace, progress }) {
  const port = await freePort()
  const server = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''])
  for await (const text of server.stdout) if (String(text).includes('Ready to accept')) break
  server.stdout.resume()
  try {
    return await measured(`redis://127.0.0.1:${port}`, port, { pace, progress, backend: 'redis' })
  } finally {
    await stop(server)
  }
}

async function measured(url, port, context) {
  const { pace } = context
  const bare = createClient({ url })
  await bare.connect()
  const sides = await filled(url, bare, pace.sessions)
  const rows = []
  for (const underWay of [64, 1]) {
    const title = underWay === 1 ? 'one at a time' : '64 under way'
    const by = (operation, ...names) =>
      compare({
        ...context,
        operation: `${operation}, ${title}`,
        candidates: names.map((name) => sides[name]),
        underWay,
      })
    rows.push(...(await by('patch3', 'hset', 'patch', 'keyvPatch')))
    rows.push(...(await by('patch3 to a script that does nothing', 'nothing', 'patch')))
    rows.push(...(await by('getAll', 'hgetall', 'getAll', 'keyvGet')))
    rows.push(...(await by('getOne', 'hget', 'getOne')))
    rows.push(...(await by('list100', 'list100')))
    rows.push(...(await by('create', 'create')))
  }
  rows.push(await lateAnswers(sides.patch, rows, context))
  rows.push(...(await processes(url, context)))
  if (!pace.isShort) for (const count of [10_000, 1_000_000]) rows.push(...(await grown(url, count, context)))
  rows.push(...(await serverAlone(port, context)))
  await sides.close()
  bare.destroy()
  return rows
}

async function filled(url, client, count) {
  const send = (...args) => client.sendCommand(args)
  const store = redisStore({ url, keyPrefix: 'store:' })
  const namespace = store.account('577089').namespace('orders')
  const handles = Array.from({ length: count }, (_, i) => namespace.session(`session-${i}`))
  const { Keyv } = peer('keyv')
  const { default: KeyvRedis } = peer('@keyv/redis')
  const keyv = new Keyv({ store: new KeyvRedis(url), useKeyPrefix: false })
  const fieldsOf = (properties) =>
    Object.entries(properties).flatMap(([name, value]) => [name, JSON.stringify(value)])
  for (let i = 0; i < count; i += 100) {
    await Promise.all(
      Array.from({ length: Math.min(100, count - i) }, async (_, j) => {
        await handles[i + j].patch(sessionOf(i + j))
        await send('HSET', `bare:${i + j}`, ...fieldsOf(sessionOf(i + j)))
        await keyv.set(`session-${i + j}`, sessionOf(i + j))
      }),
    )
  }
  const script = await send('SCRIPT', 'LOAD', 'return 1')
  const next = seeded()
  const merge = async (key, properties) => keyv.set(key, { ...(await keyv.get(key)), ...properties })
  let created = 0
  const contested = namespace.session('contested')
  const atOnce = Array.from({ length: 640 }, (_, i) => ({ [`p${i}`]: true }))
  const verifyOurs = async () => {
    await Promise.all(atOnce.map((properties) => contested.patch(properties)))
    const kept = Object.keys(await contested.getAll()).length
    if (kept !== 640) throw new Error(`redisStore lost ${640 - kept} of 640 patches`)
  }
  const verifyKeyv = async () => {
    await keyv.set('contested', {})
    for (let i = 0; i < 640; i += 64) {
      await Promise.all(atOnce.slice(i, i + 64).map((properties) => merge('contested', properties)))
    }
    return `loses ${640 - Object.keys(await keyv.get('contested')).length} of 640 patches, 64 at once`
  }
  return {
    hset: {
      name: 'HSET',
      role: 'limit',
      call: (i) => send('HSET', `bare:${next(count)}`, ...fieldsOf(patch3(i))),
    },
    nothing: {
      name: 'script that does nothing',
      role: 'limit',
      call: (i) => {
        const id = next(count)
        const keys = ['n6:5770896:orders', `s6:5770896:orderssession-${id}`, 'i6:5770896:orders']
        const lines = fieldsOf(patch3(i)).join(',')
        return send('EVALSHA', script, '3', ...keys.map((key) => `store:{1.0}${key}`), '', lines)
      },
    },
    patch: {
      name: 'redisStore',
      role: 'ours',
      call: (i) => handles[next(count)].patch(patch3(i)),
      verify: verifyOurs,
    },
    keyvPatch: {
      name: 'Keyv + @keyv/redis',
      role: 'peer',
      call: (i) => merge(`session-${next(count)}`, patch3(i)),
      verify: verifyKeyv,
    },
    hgetall: {
      name: 'HGETALL, parsed',
      role: 'limit',
      call: async () => {
        const all = await client.hGetAll(`bare:${next(count)}`)
        const parsed = {}
        for (const name in all) parsed[name] = JSON.parse(all[name])
        return parsed
      },
    },
    getAll: { name: 'redisStore', role: 'ours', call: () => handles[next(count)].getAll() },
    keyvGet: { name: 'Keyv + @keyv/redis', role: 'peer', call: () => keyv.get(`session-${next(count)}`) },
    hget: {
      name: 'HGET, parsed',
      role: 'limit',
      call: async () => JSON.parse(await send('HGET', `bare:${next(count)}`, 'step')),
    },
    getOne: { name: 'redisStore', role: 'ours', call: () => handles[next(count)].get('step') },
    list100: { name: 'redisStore', role: 'ours', call: () => namespace.listSessions() },
    create: {
      name: 'redisStore',
      role: 'ours',
      call: () => namespace.session(`new-${created++}`).patch(sessionOf(created)),
    },
    async close() {
      await store.close()
      await keyv.disconnect()
    },
  }
}

async function lateAnswers(side, rows, { pace, progress, backend }) {
  progress('redis at half the rate')
  const top = rows.find(({ operation, role }) => operation === 'patch3, 64 under way' && role === 'ours')
  const times = await steady(side.call, top.opsPerSecond / 2, 4 * pace.roundMs)
  return {
    ...plain(backend, 'patch3, at half the top rate', 'redisStore', 'ours'),
    opsPerSecond: Math.round(top.opsPerSecond / 2),
    p50: round3(percentile(times, 0.5)),
    p99: round3(percentile(times, 0.99)),
  }
}

/** The same namespace, used by one process and by two. */
async function processes(url, { pace, progress, backend }) {
  const program = fileURLToPath(new URL('redis-process.mjs', import.meta.url))
  const rows = []
  for (const count of [1, 2]) {
    progress(`redis: processes, ${count}`)
    const rates = await Promise.all(
      Array.from({ length: count }, async () =>
        Number(await output(process.execPath, [program, url, String(4 * pace.roundMs)])),
      ),
    )
    const title = count === 1 ? 'one process' : 'each of two processes'
    const row = plain(backend, `patch3, 64 under way, ${title}`, 'redisStore', 'ours')
    rows.push({ ...row, opsPerSecond: Math.round(median(rates)) })
  }
  return rows
}

async function grown(url, count, { pace, progress, backend }) {
  progress(`redis: ${count} sessions`)
  const store = redisStore({ url, keyPrefix: `grown-${count}:` })
  const namespace = store.account('577089').namespace('orders')
  for (let from = 0; from < count; from += 500) {
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => namespace.session(`session-${from + i}`).patch(sessionOf(i))),
    )
  }
  const next = seeded()
  const session = () => namespace.session(`session-${next(count)}`)
  const rows = []
  for (const [operation, call] of [
    ['patch3', (i) => session().patch(patch3(i))],
    ['getAll', () => session().getAll()],
  ]) {
    const candidates = [{ name: 'redisStore', role: 'ours', call }]
    const title = `${operation}, 64 under way, ${count} sessions`
    rows.push(...(await compare({ backend, operation: title, candidates, underWay: 64, pace, progress })))
  }
  await store.close()
  return rows
}

/** The server's own limit, measured by redis-benchmark, a client that costs next to nothing. */
async function serverAlone(port, { pace, progress, backend }) {
  progress('redis-benchmark')
  const rows = []
  const count = pace.isShort ? 2000 : 200_000
  for (const pipelined of [1, 16]) {
    const args = ['-p', String(port), '-n', String(count), '-P', String(pipelined), '-r', '10000', '--csv']
    for (const command of [
      ['HSET', 'bench:__rand_int__', 'step', '1', 'intent', '"x"', 'verified', 'true'],
      ['HGETALL', 'bare:1'],
    ]) {
      const csv = await output('redis-benchmark', [...args, ...command])
      const rate = Number(/^"[^\n]*?","([\d.]+)"/m.exec(csv.split('\n').slice(1).join('\n'))?.[1])
      const operation = `redis-benchmark ${command[0]}, 50 clients, pipelined by ${pipelined}`
      rows.push({ ...plain(backend, operation, 'redis-benchmark', 'limit'), opsPerSecond: Math.round(rate) })
    }
  }
  return rows
}

function plain(backend, operation, candidate, role) {
  const none = { p50: null, p99: null, ratioToLimit: null, ratioToBestPeer: null, value: null, unit: null }
  return { backend, operation, candidate, role, opsPerSecond: null, ...none, runs: 1, spread: 0, note: '' }
}
