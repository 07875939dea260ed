// What the double costs a test: `double.mjs <times>` prints milliseconds for each operation.
import { interceptContextService, startContextService } from '@context-store/rest/testing'
import { median } from './measure.mjs'

const times = Number(process.argv[2])
const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }

async function testWith(open) {
  const begun = performance.now()
  const service = await open()
  const url = `${service.url}/v1/account/577089/orders/c1/properties`
  const { status } = await fetch(url, { method: 'PATCH', headers, body: '{"step":1}' })
  await service.close()
  if (status !== 204) throw new Error(`the double answered ${status}`)
  return performance.now() - begun
}

async function tests(open) {
  const all = []
  for (let i = 0; i < times; i++) all.push(await testWith(open))
  return { first: all[0], usual: median(all) }
}

const port = await tests(startContextService)
const intercepted = await tests(async () => interceptContextService())
console.log(
  JSON.stringify({
    'double: start, one call, close': port.usual,
    'double: start, one call, close, the first of a process (fetch comes with it)': port.first,
    'interceptor: start, one call, close': intercepted.usual,
  }),
)
