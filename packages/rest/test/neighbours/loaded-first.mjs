// nock is active before the double's module is loaded, and refuses unknown requests. Prints the statuses of the double's
// requests.
import { once } from 'node:events'
import https from 'node:https'
import nock from 'nock'

nock.disableNetConnect()
const { interceptContextService } = await import('@context-store/rest/testing')
const service = interceptContextService()
const url = `${service.url}/v1/account/a`
const options = { headers: { 'maven-api-key': 'any' } }
const statuses = [(await fetch(url, options)).status]
for (const args of [
  [url, options],
  [new URL(url), options],
  [{ ...options, host: new URL(url).host, path: '/v1/account/a' }],
]) {
  const [response] = await once(https.get(...args), 'response')
  response.resume()
  statuses.push(response.statusCode)
}
await service.close()
console.log(statuses.join())
