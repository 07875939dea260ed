// Redis through the store, against bare commands on the same client and a script that does nothing:
// `npm run bench -w @context-store/redis`, or with `-- 1000` for sessions of so many properties.
// It needs `redis-server` on the PATH, and starts its own on a free port of 127.0.0.1.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { redisStore } from '@context-store/redis'
import KeyvRedis, { createClient, Keyv } from '@keyv/redis'

const properties = Number(process.argv[2] ?? 12)
const sessions = properties > 100 ? 500 : 10_000
const calls = properties > 100 ? 4_000 : 30_000
const rounds = 5

const port = await new Promise((resolve, reject) => {
  const probe = createServer().once('error', reject)
  probe.listen(0, '127.0.0.1', () => {
    const { port: free } = probe.address()
    probe.close(() => resolve(free))
  })
})
const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
  stdio: 'ignore',
})
process.once('exit', () => server.kill())
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
const url = `redis://127.0.0.1:${port}`
const client = createClient({ url })
client.on('error', () => {})
await client.connect()
const send = (...args) => client.sendCommand(args)

let seed = 1
const random = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return seed % below
}
const exampleOf = (i) =>
  [`value ${i} of a property`, i * 1000, i % 2 === 0, { city: 'Lyon', zip: '69001' }][
    i % 12 === 11 ? 3 : i % 3
  ]
const names = Array.from({ length: properties }, (_, i) => `property${i}`)
const whole = Object.fromEntries(names.map((name, i) => [name, exampleOf(i)]))
const three = () => {
  const at = random(properties)
  return Object.fromEntries([0, 4, 8].map((k) => [names[(at + k) % properties], `changed ${random(1e6)}`]))
}

const store = redisStore({ url, keyPrefix: 'store:' })
const namespace = store.account('577089').namespace('orders')
const handles = Array.from({ length: sessions }, (_, i) => namespace.session(`session-${i}`))
const keyv = new Keyv(new KeyvRedis(client), { useKeyPrefix: false })
for (let i = 0; i < sessions; i += 100) {
  await Promise.all(
    Array.from({ length: 100 }, async (_, j) => {
      await handles[i + j].patch(whole)
      await send(
        'HSET',
        `bare:${i + j}`,
        ...Object.entries(whole).flatMap(([k, v]) => [k, JSON.stringify(v)]),
      )
      await keyv.set(`session-${i + j}`, whole)
    }),
  )
}
const nothing = await send('SCRIPT', 'LOAD', 'return 1')
const keys = (i) => [
  `store:{1.0}n6:5770896:orders`,
  `store:{1.0}s6:5770896:orderssession-${i}`,
  `store:{1.0}i6:5770896:orders`,
]
let created = 0

const candidates = {
  'HSET of 3': () =>
    send(
      'HSET',
      `bare:${random(sessions)}`,
      ...Object.entries(three()).flatMap(([k, v]) => [k, JSON.stringify(v)]),
    ),
  'script that does nothing': () => {
    let lines = ''
    for (const [name, value] of Object.entries(three()))
      lines += `\n${JSON.stringify(name)}:${JSON.stringify(value)},`
    return send('EVALSHA', nothing, '3', ...keys(random(sessions)), '', lines)
  },
  'patch of 3': () => handles[random(sessions)].patch(three()),
  'Keyv: get, merge, set': async () => {
    const key = `session-${random(sessions)}`
    await keyv.set(key, { ...(await keyv.get(key)), ...three() })
  },
  'HGETALL, parsed': async () => {
    const all = await client.hGetAll(`bare:${random(sessions)}`)
    const parsed = {}
    for (const name in all) parsed[name] = JSON.parse(all[name])
    return parsed
  },
  getAll: () => handles[random(sessions)].getAll(),
  'Keyv: get': () => keyv.get(`session-${random(sessions)}`),
  'HGET, parsed': async () =>
    JSON.parse(await send('HGET', `bare:${random(sessions)}`, names[random(properties)])),
  'get of 1': () => handles[random(sessions)].get(names[random(properties)]),
  'getMany of 3': () => handles[random(sessions)].getMany(Object.keys(three())),
  create: () => namespace.session(`new-${created++}`).patch(whole),
}

async function run(work, underWay, count) {
  let left = count
  const start = performance.now()
  await Promise.all(
    Array.from({ length: underWay }, async () => {
      while (left-- > 0) await work()
    }),
  )
  return (count / (performance.now() - start)) * 1000
}

const median = (figures) => figures.sort((a, b) => a - b)[figures.length >> 1]
for (const underWay of [64, 1]) {
  const figures = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, work] of Object.entries(candidates)) {
      figures[name].push(await run(work, underWay, underWay === 1 ? Math.ceil(calls / 10) : calls))
    }
  }
  console.log(`\n${properties} properties, ${underWay} under way, calls a second (median of ${rounds}):`)
  for (const [name, values] of Object.entries(figures))
    console.log(name.padEnd(26), Math.round(median(values)))
}
// 64 at a time to one session, each another property: how many are lost.
const contested = namespace.session('contested')
await keyv.set('contested', {})
const writes = Array.from({ length: 20 }, (_, round) =>
  Array.from({ length: 64 }, (_, i) => `p${round * 64 + i}`),
)
for (const round of writes) {
  await Promise.all(
    round.map(async (name) => {
      await contested.patch({ [name]: true })
      await keyv.set('contested', { ...(await keyv.get('contested')), [name]: true })
    }),
  )
}
const kept = Object.keys(await contested.getAll()).length
const keptByKeyv = Object.keys(await keyv.get('contested')).length
console.log(
  `\nlost of ${20 * 64} concurrent patches: ${20 * 64 - kept} by the store, ${20 * 64 - keptByKeyv} by Keyv`,
)
await store.close()
client.destroy()
