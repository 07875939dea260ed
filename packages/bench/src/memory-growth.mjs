// Measures one size of one store, in a process that holds nothing else: `memory-growth.mjs <candidate> <sessions> <ms>`.
import { memoryStore } from '@context-store/memory'
import { median } from './measure.mjs'
import { patch3, seeded, sessionOf } from './workload.mjs'

const [, , candidate, sessions, milliseconds] = process.argv
const count = Number(sessions)

function used() {
  globalThis.gc()
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

const before = used()
const map = new Map()
const store = memoryStore()
const namespace = store.sync.account('577089').namespace('orders')
// Parsed from JSON, so that no two sessions share values, as in real use.
const fresh = (i) => JSON.parse(JSON.stringify(sessionOf(i)))
if (candidate === 'bare Map') for (let i = 0; i < count; i++) map.set(`session-${i}`, fresh(i))
else for (let i = 0; i < count; i++) namespace.session(`session-${i}`).patch(fresh(i))
const bytes = (used() - before) / count

const next = seeded()
// Few handles, spread over all sessions, so that memory is read for the sessions, not for the handles.
const chosen = Array.from({ length: 1000 }, () => `session-${next(count)}`)
const handles = chosen.map((id) => namespace.session(id))
const at = () => next(chosen.length)
const calls =
  candidate === 'bare Map'
    ? {
        patch3: (i) => Object.assign(map.get(chosen[at()]), patch3(i)),
        getAll: () => map.get(chosen[at()]),
        getOne: () => map.get(chosen[at()]).step,
      }
    : {
        patch3: (i) => handles[at()].patch(patch3(i)),
        getAll: () => handles[at()].getAll(),
        getOne: () => handles[at()].get('step'),
      }
const rates = {}
let made = 0
for (const [name, call] of Object.entries(calls)) {
  const rounds = []
  for (let round = 0; round < 5; round++) {
    const begun = performance.now()
    let done = 0
    while (performance.now() - begun < Number(milliseconds)) {
      for (let i = 0; i < 1000; i++) call(made++)
      done += 1000
    }
    rounds.push((done * 1000) / (performance.now() - begun))
  }
  rates[name] = median(rounds)
}
if (map.size + handles.length === 0) throw new Error('nothing was stored')
console.log(JSON.stringify({ bytes, rates }))
