// The memory store beside a bare Map of objects changed in place: the limit, not a store anyone should ship.
// One run, interleaved, medians; only the ratios count.
import { memoryStore } from '@context-store/memory'

const sessions = 10_000
const rounds = 15
const callsARound = 40_000

function work(i) {
  return {
    name: `customer ${i}`,
    email: `customer${i}@example.com`,
    intent: 'billing',
    step: i % 7,
    score: i / 3,
    verified: true,
    locale: 'en-GB',
    channel: 'web',
    agent: null,
    retries: 0,
    note: 'asked about the invoice of last month, wants a call back',
    address: { street: `Main street ${i}`, zip: '12345', city: 'Springfield', tags: ['home', 'billing'] },
  }
}

let state = 42
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const pick = () => Math.floor(random() * sessions)
const patch3 = (i) => ({ step: i, intent: `intent ${i & 15}`, verified: (i & 1) === 0 })
const patch3n = (i) => ({
  step: i,
  verified: (i & 1) === 0,
  address: { street: `Side street ${i}`, zip: '54321', city: 'Ogdenville', tags: ['work', 'x'] },
})

const map = new Map()
const asyncMap = {
  async patch(id, patch) {
    Object.assign(map.get(id), patch)
  },
  async getAll(id) {
    return map.get(id)
  },
  async get(id, name) {
    return map.get(id)[name]
  },
}
const store = memoryStore()
const namespace = store.account('577089').namespace('orders')
const ids = Array.from({ length: sessions }, (_, i) => `session-${i}`)
const handles = ids.map((id) => namespace.session(id))
const syncHandles = ids.map((id) => store.sync.account('577089').namespace('orders').session(id))
for (let i = 0; i < sessions; i++) {
  map.set(ids[i], work(i))
  syncHandles[i].patch(work(i))
}

const sync = {
  patch3: [
    (i) => Object.assign(map.get(ids[pick()]), patch3(i)),
    (i) => syncHandles[pick()].patch(patch3(i)),
  ],
  patch3n: [
    (i) => Object.assign(map.get(ids[pick()]), patch3n(i)),
    (i) => syncHandles[pick()].patch(patch3n(i)),
  ],
  getAll: [() => map.get(ids[pick()]), () => syncHandles[pick()].getAll()],
  getOne: [() => map.get(ids[pick()]).step, () => syncHandles[pick()].get('step')],
}
const asynchronous = {
  patch3: [(i) => asyncMap.patch(ids[pick()], patch3(i)), (i) => handles[pick()].patch(patch3(i))],
  getAll: [() => asyncMap.getAll(ids[pick()]), () => handles[pick()].getAll()],
  getOne: [() => asyncMap.get(ids[pick()], 'step'), () => handles[pick()].get('step')],
}

let sink
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]
async function compare(title, operations, runRound) {
  for (const [name, candidates] of Object.entries(operations)) {
    const rates = candidates.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const [index, call] of candidates.entries()) {
        const start = process.hrtime.bigint()
        await runRound(call)
        rates[index].push((callsARound / Number(process.hrtime.bigint() - start)) * 1e9)
      }
    }
    const [limit, ours] = rates.map((r) => median(r.slice(3)))
    console.log(
      `${title} ${name}: ${Math.round(ours / 1000)} k/s, ${(ours / limit).toFixed(2)} of the bare Map's ${Math.round(limit / 1000)} k/s`,
    )
  }
}
await compare('sync', sync, (call) => {
  for (let i = 0; i < callsARound; i++) sink = call(i)
})
await compare('async', asynchronous, async (call) => {
  for (let i = 0; i < callsARound; i++) sink = await call(i)
})
if (sink === map) throw new Error('unreachable')
