// Runs the double together with one neighbour: sends requests to both, in each order of starting and ending. Meanwhile
// no name resolves, so no request leaves this machine.
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { interceptContextService } from '@context-store/rest/testing'

const members = () => ({
  fetch: globalThis.fetch,
  Request: globalThis.Request,
  Response: globalThis.Response,
  Headers: globalThis.Headers,
  set: Headers.prototype.set,
  append: Headers.prototype.append,
  ClientRequest: http.ClientRequest,
  request: http.request,
  get: http.get,
  'https.request': https.request,
  'https.get': https.get,
  'fetch-interceptor': globalThis[Symbol.for('fetch-interceptor')],
})
const statusOf = (url, options = {}) =>
  fetch(url, options).then(
    ({ status }) => status,
    ({ cause, message }) => cause?.code ?? message,
  )
const sent = (send, url, options = {}, body = undefined) =>
  new Promise((resolve) => {
    const request = send(url, options, (answer) =>
      answer.resume().on('end', () => resolve(answer.statusCode)),
    )
    request.on('error', ({ code, message }) => resolve(code ?? message)).end(body)
  })
const headers = { 'maven-api-key': 'k', 'content-type': 'application/json' }

/** The problems with a neighbour: one line for each request that did not reach the right library. */
export async function besideOf(open) {
  let order = ''
  const faults = []
  const caught = (error) => faults.push(`${order}: uncaught: ${error.message}`)
  const expectThat = (what, is, expected) => {
    if (is !== expected) faults.push(`${order}: ${what}: ${is}, not ${expected}`)
  }

  async function oursAnswers(when, service) {
    const url = `${service.url}/v1/account/a/n/s/properties`
    const [method, body] = ['PATCH', '{"a":1}']
    expectThat(`${when}, fetch`, await statusOf(url, { method, headers, body }), 204)
    expectThat(
      `${when}, fetch of a Request`,
      await statusOf(new Request(url, { method, headers, body })),
      204,
    )
    expectThat(`${when}, https.request`, await sent(https.request, url, { method, headers }, body), 204)
    expectThat(`${when}, http.get`, await sent(http.get, url.replace('https', 'http'), { headers }), 200)
  }
  async function oursIsGone(when) {
    const url = 'https://z1.context.liveperson.net/v1/account/a'
    expectThat(`${when}, the real host`, [200, 204].includes(await statusOf(url, { headers })), false)
  }
  async function theirsAnswers(when, { sends, status }) {
    const url = 'https://theirs.test/'
    if (sends.includes('fetch')) expectThat(`${when}, theirs by fetch`, await statusOf(url), status)
    if (sends.includes('https')) expectThat(`${when}, theirs by https`, await sent(https.get, url), status)
  }

  const { lookup } = dns
  dns.lookup = (host, options, callback) =>
    process.nextTick(
      callback ?? options,
      Object.assign(new Error(`${host} was looked up`), { code: 'ENOTFOUND' }),
    )
  process.on('uncaughtException', caught)
  const before = members()
  const theirs = await open()
  let ours
  const start = {
    ours: async () => {
      ours = interceptContextService()
    },
    theirs: () => theirs.start(),
  }
  const end = { ours: () => ours.close(), theirs: () => theirs.end() }
  const other = { ours: 'theirs', theirs: 'ours' }

  for (const startsFirst of ['ours', 'theirs']) {
    for (const endsFirst of ['ours', 'theirs']) {
      order = `${startsFirst} starts first, ${endsFirst} ends first`
      await start[startsFirst]()
      if (startsFirst === 'ours') await oursAnswers('alone', ours)
      await start[other[startsFirst]]()
      await oursAnswers('together', ours)
      await theirsAnswers('together', theirs)
      await oursAnswers('together again', ours)
      await end[endsFirst]()
      if (endsFirst === 'ours') {
        await oursIsGone('after ours')
        await theirsAnswers('after ours', theirs)
      } else await oursAnswers('after theirs', ours)
      await end[other[endsFirst]]()
      for (const [member, value] of Object.entries(members())) {
        if (value !== before[member]) faults.push(`${order}: at the end, ${member} is not what it was`)
      }
      await oursIsGone('at the end')
    }
  }
  await new Promise(setImmediate)
  process.off('uncaughtException', caught)
  dns.lookup = lookup
  return faults
}
