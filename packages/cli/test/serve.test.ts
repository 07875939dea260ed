import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { programs } from './program.ts'

const run = promisify(execFile)
const { command, inFolder, start: startProgram } = programs()
const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }

/** Starts a server on a free port, and waits until it has printed its URL. */
async function start(...args: string[]) {
  const { child, out, err, ended } = startProgram(['serve', '--port', '0', ...args])
  while (!/^try: .*\n/m.test(out())) await once(child.stdout, 'data')
  const url = /http:\/\/\S+/.exec(out())?.[0] ?? ''
  return {
    url,
    out,
    err,
    async end(...signals: NodeJS.Signals[]) {
      for (const signal of signals) child.kill(signal)
      const [code, signal] = await ended
      return signal ?? code
    },
  }
}

async function send(url: string, method: string, path: string, body?: unknown, more = {}) {
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await fetch(`${url}/v1/account/${path}`, {
    method,
    headers: { ...headers, ...more },
    ...init,
  })
  const text = await answer.text()
  return [answer.status, text === '' ? undefined : JSON.parse(text)]
}

/** Runs the printed curl command in a shell. */
async function pasted(out: string): Promise<unknown> {
  const line = /^try: *(curl .*)$/m.exec(out)?.[1] ?? 'false'
  const { stdout } = await run('sh', ['-c', `${line} --silent`])
  return JSON.parse(stdout)
}

test('`serve` prints its URL, its file and a curl command that works', async () => {
  const { url, out, err } = await start()
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(out()).toContain(inFolder('context-store.db'))
  expect(existsSync(inFolder('context-store.db'))).toBe(true)
  expect(await pasted(out())).toEqual([])
  await send(url, 'PATCH', '577089/orders/42/properties', { step: 1 })
  expect(await pasted(out())).toEqual([{ name: 'orders', createdAt: expect.any(String) }])
  expect(err()).toBe('')
})

test('`serve --control` runs a double that is controlled over HTTP', async () => {
  const state = { a: { n: { s: { step: 1 }, __proto__s: {} } } }
  await writeFile(inFolder('state.json'), JSON.stringify(state))
  const { url, end, err } = await start('--control', '--seed', 'state.json')
  const fault = { status: 503, match: { path: '/a/n' } }
  const planned = await fetch(`${url}/control/faults`, {
    method: 'POST',
    headers,
    body: JSON.stringify(fault),
  })
  expect(planned.status).toBe(204)
  expect((await send(url, 'PATCH', 'a/n/s/properties', { step: 2 }))[0]).toBe(503)
  expect(await send(url, 'PATCH', 'a/n/s/properties', { step: 2 })).toEqual([204, undefined])
  const read = async (what: string) => (await fetch(`${url}/control/${what}`)).json()
  expect(await read('requests')).toMatchObject([{ status: 503 }, { status: 204 }])
  expect(await read('state')).toEqual({ a: { n: { s: { step: 2 } } } })
  await fetch(`${url}/control/reset`, { method: 'POST' })
  expect(await read('state')).toEqual({ a: { n: { s: { step: 1 } } } })
  expect(existsSync(inFolder('context-store.db'))).toBe(false)
  expect(await end('SIGTERM')).toBe(0)
  expect(err()).toBe('')
})

test('`serve` without --control answers /control/ with a 404', async () => {
  const { url } = await start('--memory')
  expect((await fetch(`${url}/control/state`, { headers })).status).toBe(404)
})

test.each([
  ['--db', 'x.db'],
  ['--namespaces', 'explicit'],
  ['--export-on-exit', 'x.json'],
])('`serve --control` refuses %s', async (...args) => {
  const { code, err } = await command('serve', '--control', ...args)
  expect([code, err]).toEqual([2, expect.stringContaining('--control')])
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends `serve` cleanly, and the next start has the data',
  async (signal) => {
    const first = await start('--db', 'here.db')
    expect(await send(first.url, 'PATCH', 'a/n/s/properties', { x: { y: [1] } })).toEqual([204, undefined])
    expect(await first.end(signal)).toBe(0)
    expect(first.err()).toBe('')
    // A clean end leaves no write-ahead log.
    expect(existsSync(inFolder('here.db-wal'))).toBe(false)

    const second = await start('--db', 'here.db')
    expect(await send(second.url, 'GET', 'a/n/s/properties')).toEqual([200, { x: { y: [1] } }])
    expect(await second.end(signal, signal)).toBe(0)
  },
)

test('a second signal ends `serve` at once', async () => {
  const { url, end } = await start('--memory')
  await send(url, 'PATCH', 'a/n/properties', { long: 'x'.repeat(700_000) })
  // A client that never reads its answers delays a graceful end.
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET /v1/account/a/n/properties HTTP/1.1\r\nhost: h\r\nmaven-api-key: any\r\n\r\n'.repeat(60))
  await new Promise<void>((resolve) => {
    socket.once('data', () => {
      socket.pause()
      resolve()
    })
  })
  // Which of two signals at once arrives first is the kernel's choice.
  expect([130, 143]).toContain(await end('SIGINT', 'SIGTERM'))
  socket.destroy()
})

test('`serve` takes --memory, --key and --cors', async () => {
  const { url, out } = await start('--memory', '--key', "it's $HOME", '--cors', 'https://shop.example')
  expect(out()).toContain('memory')
  expect(existsSync(inFolder('context-store.db'))).toBe(false)
  expect(await pasted(out())).toEqual([])
  expect((await send(url, 'GET', 'a'))[0]).toBe(403)
  expect(await send(url, 'GET', 'b', undefined, { 'maven-api-key': "it's $HOME" })).toEqual([200, []])
  const answer = await fetch(`${url}/openapi.json`)
  expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example')
})

test('`serve --namespaces explicit` requires a namespace to be created first', async () => {
  const { url } = await start('--memory', '--namespaces', 'explicit', '--profile', '2019')
  expect((await send(url, 'PATCH', 'a/n/properties', { x: 1 }))[0]).toBe(404)
  expect((await send(url, 'POST', 'a', { name: 'n' }))[0]).toBe(204)
  expect((await send(url, 'PATCH', 'a/n/properties', { x: 1 }))[0]).toBe(204)
})

test('`serve` warns if anyone on the network has access without a key', async () => {
  const open = await start('--memory', '--host', '0.0.0.0')
  expect(await pasted(open.out())).toEqual([])
  expect(open.err()).toMatch(/^context-store: .*--key.*\n$/)
  const kept = await start('--memory', '--host', '0.0.0.0', '--key', 'secret')
  expect(await kept.end('SIGTERM')).toBe(0)
  expect(kept.err()).toBe('')
})

test('`serve` reports a port in use in one line', async () => {
  const port = new URL((await start('--memory')).url).port
  const { code, out, err } = await command('serve', '--memory', '--port', port)
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(new RegExp(`^context-store: .*${port}.*\\n$`))
})

test('`serve` reports a file that it cannot use in one line with its name, and does not change it', async () => {
  const text = 'no database, but somebody wants to keep it\n'.repeat(50)
  await writeFile(inFolder('notes.txt'), text)
  for (const file of ['notes.txt', '.', 'no/such/folder.db']) {
    const { code, out, err } = await command('serve', '--port', '0', '--db', file)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^context-store: .*\n$/)
    expect(err).toContain(inFolder(file))
  }
  expect(await readFile(inFolder('notes.txt'), 'utf8')).toBe(text)
})

test.each([
  [['fetch'], 'fetch'],
  [['serve', 'here'], "'serve'"],
  [['serv'], 'serve'],
  [['serve', '--prot', '1'], '--prot'],
  [['serve', '--port'], '--port'],
  [['serve', '--port', 'http'], '--port'],
  [['serve', '--port', '65536'], '--port'],
  [['serve', '--port', '-1'], '--port'],
  [['serve', '--port', '--memory'], '--port'],
  [['serve', '--memory', '--db', 'x.db'], '--memory'],
  [['serve', '--memory=yes'], '--memory'],
  [['serve', '--db', ''], '--db'],
  [['serve', '--host', ''], '--host'],
  [['serve', '--key', ''], '--key'],
  [['serve', '--profile', '2020'], '--profile'],
  [['serve', '--cors', 'shop.example'], '--cors'],
  [['serve', '--namespaces', 'some'], '--namespaces'],
])('the invalid command line %j gets one line that names what is wrong', async (args, named) => {
  const { code, out, err } = await command(...args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^context-store: .*--help\)\n$/)
  expect(err).toContain(named)
})

test('`serve` with an invalid option creates no file', async () => {
  await command('serve', '--cors', 'shop.example')
  expect(existsSync(inFolder('context-store.db'))).toBe(false)
})

test('--help lists all commands, and the options of each; --version prints the version', async () => {
  const commands = ['serve', 'get', 'set', 'rm', 'ls', 'export', 'import']
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, out, err } = await command(...args)
    expect([code, err]).toEqual([0, ''])
    for (const name of commands) expect(out).toMatch(new RegExp(`^ +${name} `, 'm'))
  }
  for (const args of [
    ['serve', '--help'],
    ['help', 'serve'],
    ['serve', '-h'],
  ]) {
    const { code, out, err } = await command(...args)
    expect([code, err]).toEqual([0, ''])
    for (const option of ['port', 'host', 'db', 'memory', 'key', 'profile', 'cors', 'namespaces', 'seed']) {
      expect(out).toContain(`--${option}`)
    }
  }
  for (const name of commands.slice(1)) {
    const { code, out } = await command(name, '--help')
    expect(code).toBe(0)
    expect(out).toContain('store')
    expect(out).not.toContain('--port')
  }
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  for (const flag of ['--version', '-v']) {
    expect(await command(flag)).toEqual({ code: 0, out: `${version}\n`, err: '' })
  }
})

test('a command line without a command is an error that lists the commands', async () => {
  const { code, out, err } = await command()
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^Usage: context-store .*\n(.*\n)*.*serve/)
})

test('the error for a misspelt command or option suggests the right one', async () => {
  expect((await command('improt', 'a.db')).err).toContain('Did you mean import?')
  expect((await command('serve', '--sed', 'a.json')).err).toContain('Did you mean --seed?')
})
