import { once } from 'node:events'
import { connect } from 'node:net'
import { memoryStore } from '@context-store/memory'
import { serve } from '@context-store/rest/node'
import { startContextService } from '@context-store/rest/testing'
import { expect, onTestFinished, test } from 'vitest'

// The double on a port must answer raw bytes like `serve`.

/** All that a server sends in answer to these bytes, without the date. */
async function heard(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more
  })
  socket.on('error', () => undefined).write(bytes, 'latin1')
  await once(socket, 'close')
  return text.replaceAll(/^date: .*\r\n/gim, '')
}

const key = 'host: h\r\nmaven-api-key: k\r\n'
const lines = `${key}connection: close\r\n`
const json = 'content-type: application/json\r\n'

test.each(
  Object.entries({
    'an invalid path': `GET // HTTP/1.1\r\n${lines}\r\n`,
    'an invalid port': `GET //h:99999/ HTTP/1.1\r\n${lines}\r\n`,
    'a method that `Request` does not allow': `TRACE /v1/account/a HTTP/1.1\r\n${lines}\r\n`,
    'a whole URL': `GET http://z1.test/v1/account/a HTTP/1.1\r\n${lines}\r\n`,
    'no host': 'GET /v1/account/a HTTP/1.1\r\nmaven-api-key: k\r\nconnection: close\r\n\r\n',
    'no host, as HTTP/1.0 may': 'GET /v1/account/a HTTP/1.0\r\nmaven-api-key: k\r\n\r\n',
    'an invalid host': `GET /v1/account/a HTTP/1.1\r\nhost: a b\r\nmaven-api-key: k\r\nconnection: close\r\n\r\n`,
    'a target with a backslash': `GET /v1\\account HTTP/1.1\r\n${lines}\r\n`,
    'a target that is not a path': `GET account HTTP/1.1\r\n${lines}\r\n`,
    'an unknown expectation': `GET /v1/account/a HTTP/1.1\r\nexpect: tea\r\n${lines}\r\n`,
    'the expectation 100-continue': `PATCH /v1/account/a/n/properties HTTP/1.1\r\nexpect: 100-continue\r\n${lines}${json}content-length: 2\r\n\r\n{}`,
    'pipelined requests': `PATCH /v1/account/a/n/properties HTTP/1.1\r\n${key}${json}content-length: 7\r\n\r\n{"a":1}GET // HTTP/1.1\r\n${key}\r\nGET /v1/account/a/n/properties HTTP/1.1\r\n${lines}\r\n`,
    'a GET with a body': `GET /v1/account/a HTTP/1.1\r\n${lines}${json}content-length: 2\r\n\r\n{}`,
    'a chunked body': `PATCH /v1/account/a/n/properties HTTP/1.1\r\n${lines}${json}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    'invalid HTTP': 'hello\r\n\r\n',
    'headers that are too long': `GET / HTTP/1.1\r\n${lines}x: ${'y'.repeat(20_000)}\r\n\r\n`,
    'a body whose length is too long': `PATCH /v1/account/a/n/properties HTTP/1.1\r\n${lines}${json}content-length: 9000000\r\n\r\n{`,
  }),
)('the double answers %s as `serve` does', async (_, bytes) => {
  const double = await startContextService()
  const server = await serve({ store: memoryStore() })
  onTestFinished(async () => {
    await double.close()
    await server.close()
  })
  const answer = await heard(double.url, bytes)
  expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /)
  expect(answer).toBe(await heard(server.url, bytes))
})

test('pipelined requests take effect in order, even if a fault delays the first', async () => {
  const double = await startContextService()
  onTestFinished(() => double.close())
  double.fault({ delayMs: 1, match: { path: 'first' } })
  const patch = (query: string, value: number, more: string) =>
    `PATCH /v1/account/a/n/s/properties?${query} HTTP/1.1\r\n${more}${json}content-length: 7\r\n\r\n{"a":${value}}`
  const answers = await heard(double.url, patch('first', 1, key) + patch('second', 2, lines))
  expect(answers.match(/HTTP\/1\.1 204/g)).toHaveLength(2)
  expect(double.snapshot()).toEqual({ a: { n: { s: { a: 2 } } } })
})
