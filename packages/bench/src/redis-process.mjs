// One of several processes that share a Redis: `redis-process.mjs <url> <ms>` prints its patches per second.
import { redisStore } from '@context-store/redis'
import { patch3, seeded, sessionOf } from './workload.mjs'

const [, , url, milliseconds] = process.argv
const store = redisStore({ url, keyPrefix: 'shared:' })
const namespace = store.account('a').namespace('n')
const handles = Array.from({ length: 1000 }, (_, i) => namespace.session(`session-${i}`))
await Promise.all(handles.map((handle, i) => handle.patch(sessionOf(i))))
const next = seeded(process.pid)
const begun = performance.now()
let calls = 0
await Promise.all(
  Array.from({ length: 64 }, async () => {
    while (performance.now() - begun < Number(milliseconds)) await handles[next(1000)].patch(patch3(calls++))
  }),
)
console.log((calls * 1000) / (performance.now() - begun))
await store.close()
