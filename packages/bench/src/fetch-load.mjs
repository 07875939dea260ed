// One `fetch` after another, as in a test: `fetch-load.mjs <port>|double|interceptor GET|PATCH <path> <ms>`. The doubles
// are in this process, as in a test.
import { interceptContextService, startContextService } from '@context-store/rest/testing'
import { patch3, sessionOf } from './workload.mjs'

const [, , where, method, path, milliseconds] = process.argv
const state = { 577089: { orders: { c1: sessionOf(1) } } }
const doubles = { double: startContextService, interceptor: interceptContextService }
const service = await doubles[where]?.({ state })
const url = (service?.url ?? `http://127.0.0.1:${where}`) + path
const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }
let bad = 0

async function roundTrip(i) {
  const body = method === 'GET' ? undefined : JSON.stringify(patch3(i))
  const response = await fetch(url, { method, headers, body })
  await response.text()
  if (!response.ok) bad++
}

async function measure(span) {
  const times = []
  const begun = performance.now()
  for (let at = begun; at < begun + span; ) {
    await roundTrip(times.length)
    const now = performance.now()
    times.push((now - at) * 1000)
    at = now
  }
  return { rate: (times.length * 1000) / (performance.now() - begun), times }
}

await measure(Number(milliseconds) / 3)
bad = 0
const { rate, times } = await measure(Number(milliseconds))
await service?.close()
console.log(JSON.stringify({ rate, bad, times: times.slice(-2000) }))
process.exit(0)
