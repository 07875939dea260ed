import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { programs } from './program.ts'

const { command, inFolder, start } = programs()

async function serve(...args: string[]) {
  const program = start(['serve', '--port', '0', '--memory', ...args])
  while (!/http:\/\/\S+/.test(program.out())) await once(program.child.stdout, 'data')
  const url = /http:\/\/[\d.:]+/.exec(program.out())?.[0] ?? ''
  return {
    ...program,
    send: async (
      method: string,
      path: string,
      { body, key = 'secret' }: { body?: string; key?: string } = {},
    ) => {
      const headers = { 'maven-api-key': key, 'content-type': 'application/json' }
      return (await fetch(url + path, { method, headers, ...(body !== undefined && { body }) })).status
    },
    async end() {
      program.child.kill('SIGTERM')
      return program.ended
    },
  }
}

test('`serve` prints a line for each request, without API keys', async () => {
  const { send, end, out, err } = await serve('--account-key', 'a:secret', '--account-key', 'b:other==')
  expect(await send('PATCH', '/v1/account/a/n/properties?access_token=secret', { body: '{"p":1}' })).toBe(204)
  expect(await send('GET', '/v1/account/b', { key: 'other==' })).toBe(200)
  expect(await send('GET', '/v1/account/b')).toBe(403)
  expect(await send('GET', '/v1/account/c')).toBe(403)
  expect(await end()).toEqual([0, null])
  const lines = out().split('\n').slice(3, -1)
  expect(lines.map((line) => line.replace(/^\S+Z (.*) [\d.]+ ms$/, '$1'))).toEqual([
    'PATCH /v1/account/a/n/properties 204',
    'GET /v1/account/b 200',
    'GET /v1/account/b 403',
    'GET /v1/account/c 403',
  ])
  expect(lines.join('')).not.toMatch(/secret|other/)
  expect(err()).toBe('')
})

test('`serve --json` prints one JSON object per line, `serve --quiet` does not log requests', async () => {
  const json = await serve('--json')
  await json.send('GET', '/v1/account/a')
  await json.end()
  expect(
    json
      .out()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { version: expect.any(String), url: expect.any(String), data: null },
    {
      time: expect.any(String),
      method: 'GET',
      path: '/v1/account/a',
      status: 200,
      milliseconds: expect.any(Number),
    },
  ])
  const quiet = await serve('--quiet')
  await quiet.send('GET', '/v1/account/a')
  await quiet.end()
  expect(quiet.out().split('\n')).toHaveLength(4)
})

test('`serve --profile service` follows the vendor’s newer pages and client', async () => {
  const { send } = await serve('--profile', 'service', '--quiet')
  expect(await send('PATCH', '/v1/account/a/faas/properties', { body: '{"p":1}' })).toBe(400)
})

test('`serve` serves the data of --seed, and --export-on-exit writes a file that --seed takes', async () => {
  const state = {
    '577089': { orders: { c1: { step: 1, cart: ['tea'] }, 'a"\n': {} }, empty: {} },
    other: { n: { __default__: JSON.parse('{"__proto__":1}') } },
  }
  await writeFile(inFolder('seed.json'), JSON.stringify(state))
  const first = await serve('--seed', 'seed.json', '--export-on-exit', 'end.json')
  expect(await first.send('PATCH', '/v1/account/577089/orders/c1/properties', { body: '{"step":2}' })).toBe(
    204,
  )
  expect(await first.end()).toEqual([0, null])
  const after = structuredClone(state)
  after['577089'].orders.c1.step = 2
  // A session without properties does not exist.
  Reflect.deleteProperty(after['577089'].orders, 'a"\n')
  const text = await readFile(inFolder('end.json'), 'utf8')
  expect(JSON.parse(text)).toEqual(after)
  const second = await serve('--seed', 'end.json', '--export-on-exit', 'end.json')
  expect(await second.end()).toEqual([0, null])
  expect(await readFile(inFolder('end.json'), 'utf8')).toBe(text)
  expect((await readdir(inFolder('.'))).sort()).toEqual(['end.json', 'seed.json'])
  const nothing = await serve('--export-on-exit', 'nothing.json')
  await nothing.end()
  expect(JSON.parse(await readFile(inFolder('nothing.json'), 'utf8'))).toEqual({})
})

test.each([
  ['{', 'JSON'],
  ['[]', 'accounts'],
  ['{"a":1}', 'a: must be an object of namespaces'],
  ['{"a":{"n":[]}}', 'a.n: must be an object of sessions'],
  ['{"a":{"n":{"s":1}}}', 'a.n.s'],
  ['{"":{"n":{}}}', 'account'],
  ['{"a":{"n":{"good":{"p":1},"":{"p":1}}}}', 'session'],
])(
  'the invalid seed %s gets one line that says where it is wrong, and nothing is written',
  async (text, where) => {
    await writeFile(inFolder('seed.json'), text)
    const { code, out, err } = await command('serve', '--port', '0', '--seed', 'seed.json')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^context-store: .*seed\.json: .*\n$/)
    expect(err).toContain(where)
    expect(existsSync(inFolder('context-store.db'))).toBe(false)
  },
)

test('--export-on-exit writes the file that a symbolic link names, and keeps the link', async () => {
  await writeFile(inFolder('real.json'), 'old')
  await symlink(inFolder('real.json'), inFolder('link.json'))
  const { end } = await serve('--export-on-exit', 'link.json')
  expect(await end()).toEqual([0, null])
  expect((await lstat(inFolder('link.json'))).isSymbolicLink()).toBe(true)
  expect(JSON.parse(await readFile(inFolder('real.json'), 'utf8'))).toEqual({})
})

test('--export-on-exit refuses what is not a regular file, and leaves it as it is', async () => {
  execFileSync('mkfifo', [inFolder('pipe')])
  const { code, err } = await command('serve', '--memory', '--port', '0', '--export-on-exit', 'pipe')
  expect([code, err]).toEqual([1, expect.stringContaining('it is not a regular file')])
  expect((await lstat(inFolder('pipe'))).isFIFO()).toBe(true)
})

test.each(['no/such/folder.json', '.'])(
  'an --export-on-exit to %s is refused before the server starts',
  async (file) => {
    const { code, out, err } = await command('serve', '--port', '0', '--export-on-exit', file)
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^context-store: .*: cannot be written \(.*\)\n$/)
    expect(await readdir(inFolder('.'))).toEqual([])
  },
)

test('an --export-on-exit that can no longer be written gets one line and exit code 1', async () => {
  await mkdir(inFolder('folder'))
  const { end, err } = await serve('--export-on-exit', 'folder/end.json')
  await rm(inFolder('folder'), { recursive: true })
  expect(await end()).toEqual([1, null])
  expect(err()).toMatch(/^context-store: .*end\.json: .*\n$/)
})

test.each([
  [['--account-key', 'no-colon'], '--account-key'],
  [['--account-key', ':key'], '--account-key'],
  [['--account-key', 'a:'], '--key'],
  [['--key', 'k', '--account-key', 'a:k'], '--account-key'],
  [['--seed', ''], '--seed'],
  [['--export-on-exit', ''], '--export-on-exit'],
])('the invalid options %j get one line that names what is wrong', async (args, named) => {
  const { code, out, err } = await command('serve', '--memory', '--port', '0', ...args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^context-store: .*--help\)\n$/)
  expect(err).toContain(named)
})
