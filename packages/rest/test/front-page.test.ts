import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { memoryStore } from '@context-store/memory'
import { restStore } from '@context-store/rest/client'
import { type ContextServer, serve } from '@context-store/rest/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'

const run = promisify(execFile)
const store = memoryStore()
let server: ContextServer

beforeAll(async () => {
  await installedProgram('curl')
  server = await serve({ store, keys: { '577089': 'secret' } })
})
afterAll(() => server.close())

test('`serve` has a page for people at /, without an API key, whose curl lines work', async () => {
  const answer = await fetch(server.url)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const page = await answer.text()
  expect(page).toContain('href="/openapi.json"')

  const commands = Array.from(page.matchAll(/<pre>(.*?)<\/pre>/gs), ([, command = '']) =>
    command.replaceAll('&quot;', '"').replace('any', 'secret'),
  )
  const printed = []
  for (const command of commands) {
    const { stdout } = await run('sh', ['-c', `${command} --silent --show-error --fail`])
    printed.push(stdout)
  }
  expect(printed).toEqual(['', '{"step":1,"draft":"two teas"}'])
})

test('HEAD of / has the length of the page and no body; other methods, and / with a query, are as before', async () => {
  const length = Buffer.byteLength(await (await fetch(server.url)).text())
  const head = await fetch(server.url, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, `${length}`, ''])
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(401)
  expect((await fetch(`${server.url}/?a`)).status).toBe(401)
})

test('the page has the CORS headers of the service, so that `ready()` works in a browser of another origin', async () => {
  const open = await serve({ store, cors: '*' })
  const answer = await fetch(open.url)
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
  await open.close()
})

test('`ready()` of a client still finds out that its API key is refused', async () => {
  const guarded = await serve({ store, keys: 'secret' })
  const client = (apiKey: string) => restStore({ baseUrl: guarded.url, apiKey })
  await expect(client('wrong').ready()).rejects.toMatchObject({ code: 'unauthorized' })
  await client('secret').ready()
  await guarded.close()
})

test('a client whose base URL has a path too many says so, instead of reading nothing', async () => {
  const client = restStore({ baseUrl: `${server.url}/v1`, apiKey: 'secret' })
  const wrong = client.account('577089').namespace('orders').session('conversation-7')
  const refused = { code: 'corrupt', message: expect.stringContaining('check baseUrl') }
  await expect(wrong.getAll()).rejects.toMatchObject(refused)
  await expect(wrong.patch({ step: 1 })).rejects.toMatchObject(refused)
  await expect(wrong.delete(['step'])).rejects.toMatchObject(refused)
  await expect(wrong.clear()).rejects.toMatchObject(refused)
})

test('a host that is markup does not get into the page', async () => {
  const { port, hostname } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.end('GET / HTTP/1.1\r\nhost: a"><script>x@h\r\nconnection: close\r\n\r\n')
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  await once(socket, 'close')
  expect(heard).toContain('HTTP/1.1 200')
  expect(heard).not.toContain('<script>')
})
