import { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { queryObjects } from 'node:v8'
import { memoryStore } from '@context-store/memory'
import { type ContextServer, type ServeOptions, serve } from '@context-store/rest/node'
import { afterEach, expect, test, vi } from 'vitest'

const servers: ContextServer[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options: Partial<ServeOptions> = {}) {
  const store = options.store ?? memoryStore()
  const server = await serve({ ...options, store })
  servers.push(server)
  return { url: server.url, session: store.session({ account: 'a', namespace: 'n', session: 's' }) }
}

/** Sends bytes on a new connection, and returns the statuses of all answers until it ends. */
function statusesFor(url: string, bytes: string, whenSent?: (socket: Socket) => void): Promise<number[]> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect(Number(port), hostname)
    socket
      .setEncoding('latin1')
      .on('error', () => undefined)
      .on('data', (text: string) => {
        heard += text
      })
      .on('close', () => {
        resolve(Array.from(heard.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status)))
      })
    socket.write(bytes, () => whenSent?.(socket))
  })
}

const head = 'host: h\r\nmaven-api-key: any\r\n'
const get = `GET /v1/account/a HTTP/1.1\r\n${head}\r\n`
const json = `${head}content-type: application/json\r\n`
const patchTo = (fields: string, body: string) =>
  `PATCH /v1/account/a/n/s/properties HTTP/1.1\r\n${json}${fields}\r\n${body}`
const patch = patchTo('content-length: 7\r\n', '{"a":1}')
const noHttp = '\0\r\n\r\n'

test.each([
  ['invalid HTTP after a patch', patch + noHttp, [204, 400]],
  ['invalid HTTP after several requests', patch + get + patch + noHttp, [204, 200, 204, 400]],
  [
    'headers too long after a patch',
    `${patch}GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    [204, 431],
  ],
  [
    'an invalid body after a patch',
    `${patch}${patchTo('transfer-encoding: chunked\r\n', 'zz\r\n')}`,
    [204, 400],
  ],
  [
    'an invalid body without an API key after a patch',
    `${patch}PATCH /v1/account/a/n/properties HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
    [204, 400],
  ],
  ['a slow body after a patch', `${patch}${patchTo('content-length: 7\r\n', '{"a')}`, [204, 408]],
  ['slow headers after a patch', `${patch}GET /v1/account/a HT`, [204, 408]],
])('%s: the applied patch is answered first, and each request once', async (_, bytes, statuses) => {
  const { url, session } = await start({ requestTimeoutMs: 300 })
  expect(await statusesFor(url, bytes)).toEqual(statuses)
  expect(await session.getAll()).toEqual({ a: 1 })
})

test.each([
  ['invalid HTTP after them', `${get.repeat(20)}${noHttp}`, undefined],
  ['a client that leaves', get.repeat(20), (socket: Socket) => socket.resetAndDestroy()],
])(
  'requests queued on a connection that has ended are not kept in memory: %s',
  async (_, bytes, whenSent) => {
    const { url } = await start()
    const kept = () => queryObjects(ServerResponse, { format: 'count' })
    const before = kept()
    const connections = Number(process.env.CONNECTIONS ?? 40)
    for (let i = 0; i < connections; i += 20) {
      await Promise.all(Array.from({ length: 20 }, () => statusesFor(url, bytes, whenSent)))
    }
    // Waits until the server has noticed the end of every connection; what it still keeps then, it keeps for ever.
    await vi.waitFor(() => expect(kept() - before).toBeLessThan(connections), 10_000)
  },
)

test.each([
  ['throws', () => fail()],
  ['rejects', async () => fail()],
])('an `onRequest` that %s is logged, and the server goes on', async (_, onRequest) => {
  const logged = vi.spyOn(console, 'error').mockReturnValue()
  const { url } = await start({ onRequest })
  for (const status of [200, 200]) {
    const answer = await fetch(`${url}/v1/account/a`, { headers: { 'maven-api-key': 'any' } })
    expect(answer.status).toBe(status)
  }
  await vi.waitFor(() => expect(logged).toHaveBeenCalledTimes(2))
  expect(logged).toHaveBeenCalledWith(expect.objectContaining({ message: 'the disk is full' }))
})

function fail(): never {
  throw new Error('the disk is full')
}
