import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { memoryStore } from '@context-store/memory'
import { serve } from '@context-store/rest/node'
import { sqliteStore } from '@context-store/sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { main, programs } from './program.ts'

const { command, fed, inFolder, start } = programs()

let redis: RedisServer
let databases = 0
beforeAll(async () => {
  redis = await startRedis({ config: ['databases 100'] })
})
afterAll(() => redis.stop())

const kinds: { readonly [name: string]: () => Promise<string> } = {
  'a SQLite file': async () => inFolder('here.db'),
  Redis: async () => `${redis.url}/${databases++}`,
  REST: async () => {
    const store = memoryStore()
    const server = await serve({ store, keys: 'right' })
    onTestFinished(async () => {
      await server.close()
      await store.close()
    })
    return server.url
  },
}

const rows = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const done = { code: 0, out: '', err: '' }

/** Names with characters that end a line, close a string or separate names somewhere. */
const hostile = ['a/b', 'a:b', 'line\nfeed', '"', '__proto__', 'é\u0000', '%2e', '😀', ' ']

/** The lines of an export. */
const data = [
  { account: 'a', namespace: 'empty', ttlSeconds: 60 },
  { account: 'a', namespace: 'n' },
  ...hostile.map((name) => ({
    account: 'a',
    namespace: 'n',
    session: name,
    properties: JSON.parse(
      JSON.stringify({ big: 1e300, deep: [{ a: [null, true] }] }).replace('"big"', JSON.stringify(name)),
    ),
  })),
]
const sorted = (lines: unknown[]): string[] => lines.map((line) => JSON.stringify(line)).sort()

describe.each(Object.entries(kinds))('on %s', (kind, open) => {
  let store = ''
  beforeEach(async () => {
    store = await open()
  })
  const key = ['--key', 'right']

  test('`set`, `get`, `ls` and `rm` write, read, list and remove', async () => {
    expect(await command('set', store, '577089', 'orders', '{"step":1,"cart":["tea"]}', ...key)).toEqual(done)
    expect(await command('set', store, '577089', 'orders', 'c1', '{"step":1}', ...key)).toEqual(done)
    expect(await fed('{"step":2,"é":"\\n"}\n', 'set', store, '577089', 'orders', 'c1', '-', ...key)).toEqual(
      done,
    )
    const all = await command('get', store, '577089', 'orders', 'c1', ...key)
    expect(all).toEqual({ ...done, out: '{"step":2,"é":"\\n"}\n' })
    const some = await command(
      'get',
      store,
      '577089',
      'orders',
      '--property',
      'cart',
      '--property',
      'no',
      ...key,
    )
    expect(some).toEqual({ ...done, out: '{"cart":["tea"]}\n' })
    expect(await command('get', store, '577089', 'orders', 'nobody', ...key)).toEqual({
      code: 3,
      out: '{}\n',
      err: 'context-store: there is no such session\n',
    })

    const namespaces = await command('ls', store, '577089', ...key)
    expect(rows(namespaces.out)).toEqual([{ namespace: 'orders', createdAt: expect.any(String) }])
    const sessions = await command('ls', store, '577089', 'orders', ...key)
    expect(
      rows(sessions.out)
        .map((row) => (row as { session: string }).session)
        .sort(),
    ).toEqual(['__default__', 'c1'])

    expect(await command('rm', store, '577089', 'orders', 'c1', '--property', 'step', ...key)).toEqual(done)
    expect((await command('get', store, '577089', 'orders', 'c1', ...key)).out).toBe('{"é":"\\n"}\n')
    expect(await command('rm', store, '577089', 'orders', 'c1', ...key)).toEqual(done)
    expect((await command('get', store, '577089', 'orders', 'c1', ...key)).out).toBe('{}\n')
    expect(await command('rm', store, '577089', 'orders', '--all', ...key)).toEqual(done)
    expect((await command('ls', store, '577089', ...key)).out).toBe('')
  })

  test('`import` restores the output of `export`, also when it is repeated', async () => {
    const input = `\ufeff${data.map((line) => JSON.stringify(line)).join('\r\n\r\n')}`
    for (let run = 0; run < 2; run++) {
      expect(await fed(input, 'import', store, ...key)).toEqual({
        ...done,
        err: expect.stringMatching(/^context-store: imported \d sessions\n$/),
      })
      const exported = await command('export', store, 'a', ...key)
      expect(exported).toMatchObject({
        code: 0,
        err: expect.stringMatching(/^context-store: exported \d sessions\n$/),
      })
      expect(sorted(rows(exported.out))).toEqual(sorted(data))
      const one = await command('export', store, 'a', 'empty', ...key)
      expect(rows(one.out)).toEqual([data[0]])
    }
    await writeFile(inFolder('export.ndjson'), (await command('export', store, 'a', ...key)).out)
    const file = inFolder('copy.db')
    expect((await command('import', file, inFolder('export.ndjson'))).code).toBe(0)
    expect(sorted(rows((await command('export', file)).out))).toEqual(sorted(data))
  })

  test('`import` reports invalid input in one line, with its place and the number of lines before it', async () => {
    const good = '{"account":"a","namespace":"n","session":"s","properties":{"p":1}}'
    for (const [bad, why] of [
      ['{"account":', 'JSON'],
      ['[]', 'object'],
      ['{"account":"","namespace":"n"}', 'account'],
      ['{"namespace":"n"}', 'account'],
      ['{"account":"a","namespace":"n","session":"s"}', 'properties'],
      ['{"account":"a","namespace":"n","properties":{}}', 'session'],
      ['{"account":"a","namespace":"n","session":"s","properties":{},"ttlSeconds":-1}', 'ttlSeconds'],
      ['{"account":"a","namespace":"n","session":"s","properties":{},"expires":1}', 'expires'],
    ]) {
      const { code, out, err } = await fed(`${good}\n\n${bad}\n${good}\n`, 'import', store, ...key)
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^context-store: input, line 3: .*; lines imported before it: \d .*\n$/)
      expect(err).toContain(why)
    }
    const bytes = await fed(Buffer.from([0x22, 0xff, 0x22]), 'import', store, ...key)
    expect(bytes).toMatchObject({ code: 1, err: expect.stringContaining('line 1: invalid UTF-8') })
    for (const json of ['{"a":', '[]', '"x"', '1']) {
      const { code, out, err } = await fed(json, 'set', store, 'a', 'n', '-', ...key)
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^context-store: stdin: .*JSON.*\n$/)
    }
  })

  test(`\`ls\` without an account ${kind === 'REST' ? 'asks for one' : 'lists the accounts'}`, async () => {
    await command('set', store, 'a', 'n', '{"p":1}', ...key)
    await command('set', store, 'b', 'n', '{"p":1}', ...key)
    const { code, out, err } = await command('ls', store, ...key)
    if (kind === 'REST') {
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^context-store: .*name the account.*\n$/)
    } else {
      expect(
        rows(out)
          .map((row) => (row as { account: string }).account)
          .sort(),
      ).toEqual(['a', 'b'])
      expect(rows((await command('export', store, ...key)).out)).toHaveLength(4)
    }
  })
})

test('`export` and `import` keep times to live', async () => {
  const store = inFolder('a.db')
  const lines = [
    { account: 'a', namespace: 'n', ttlSeconds: 100 },
    { account: 'a', namespace: 'n', session: 'for ever', properties: { p: 1 }, ttlSeconds: 0 },
    { account: 'a', namespace: 'n', session: 'its own', properties: {}, ttlSeconds: 5000 },
    { account: 'a', namespace: 'n', session: "the namespace's", properties: { p: 1 } },
  ]
  await fed(lines.map((line) => JSON.stringify(line)).join('\n'), 'import', store)
  expect(rows((await command('export', store)).out)).toEqual(lines)
  expect((await command('set', store, 'a', 'n', 's', '{"p":1}', '--ttl', '7')).code).toBe(0)
  expect(rows((await command('ls', store, 'a', 'n')).out)).toContainEqual(
    expect.objectContaining({ session: 's', ttlSeconds: 7 }),
  )
})

test('only a command that writes creates a missing file', async () => {
  for (const args of [['get', 'a', 'n'], ['ls'], ['rm', 'a', 'n', 's'], ['export']]) {
    const [name = '', ...rest] = args
    const { code, err } = await command(name, 'mistyped.db', ...rest)
    expect(code).toBe(1)
    expect(err).toMatch(/^context-store: .*mistyped\.db: there is no such file\n$/)
  }
  expect(existsSync(inFolder('mistyped.db'))).toBe(false)
  expect((await command('import', 'new.db', 'no.ndjson')).err).toContain('no.ndjson: there is no such file')
  expect((await command('import', 'new.db', '.')).code).toBe(1)
  expect(existsSync(inFolder('new.db'))).toBe(false)
})

test('a store that cannot be reached gets one line, without its password', async () => {
  for (const store of ['redis://user:pass@127.0.0.1:1', 'http://127.0.0.1:1']) {
    const { code, out, err } = await command('get', store, 'a', 'n', '--key', 'hidden')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^context-store: (redis|http):\/\/127\.0\.0\.1:1: .*\n$/)
    expect(err).not.toMatch(/pass|hidden/)
  }
  const { code, err } = await command('get', 'mongodb://host', 'a', 'n')
  expect([code, err]).toEqual([2, expect.stringContaining('mongodb://host')])
})

test('a wrong API key of a service gets one line, without the key', async () => {
  const store = memoryStore()
  const server = await serve({ store, keys: 'right' })
  onTestFinished(() => server.close())
  const { code, out, err } = await command('get', server.url, 'a', 'n', '--key', 'wrong-key')
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(/^context-store: .*key.*\n$/)
  expect(err).not.toContain('wrong-key')
})

test.each([
  [['get', 'x.db', 'a'], 'namespace'],
  [['get', 'x.db', 'a', 'n', 's', 'more'], "'get'"],
  [['get', 'x.db', 'a', 'n', 's', '--raw'], '--property'],
  [['get', 'x.db', 'a', 'n', 's', '--raw', '--property', 'p', '--property', 'q'], '--property'],
  [['set', 'x.db', 'a', 'n'], 'properties'],
  [['set', 'x.db', 'a', 'n', 's'], 'set'],
  [['set', 'x.db', 'a', 'n', 's', '{"a":'], 'JSON'],
  [['set', 'x.db', 'a', 'n', 's', 'a=1', 'b'], '"b"'],
  [['set', 'x.db', 'a', 'n', 's', 'more', '{}'], '"more"'],
  [['set', 'x.db', 'a', 'n', '{}', '--ttl', '-1'], '--ttl'],
  [['set', 'x.db', 'a', 'n', '{}', '--ttl', 'soon'], '--ttl'],
  [['set', 'x.db', 'a', 'n', '{}', '--ttl', '10000000001'], '--ttl'],
  [['rm', 'x.db', 'a', 'n'], '--all'],
  [['rm', 'x.db', 'a', 'n', 's', '--all'], '--all'],
  [['rm', 'x.db', 'a', 'n', '--all', '--property', 'p'], '--property'],
  [['ls'], 'store'],
  [['ls', ''], 'store'],
  [['export', 'x.db', 'a', 'n', 's'], "'export'"],
  [['import'], 'store'],
  [['import', 'x.db', 'file', 'more'], "'import'"],
  [['get', 'x.db', 'a', 'n', '--port', '1'], '--port'],
])('the invalid command line %j gets one line that names what is wrong', async (args, wrong) => {
  const { code, out, err } = await command(...args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^context-store: .*--help\)\n$/)
  expect(err).toContain(wrong)
  expect(existsSync(inFolder('x.db'))).toBe(false)
})

test.each([
  ['id=12345678901234567890', `id='"12345678901234567890"'`],
  ['id=-9007199254740993', 'cannot keep all digits'],
  ['=5', 'not a name=value pair'],
])('`set` refuses the pair %s, and writes nothing', async (pair, remedy) => {
  const { code, err } = await command('set', 'a.db', 'a', 'n', 's', pair)
  expect([code, err]).toEqual([2, expect.stringContaining(remedy)])
  expect(existsSync(inFolder('a.db'))).toBe(false)
})

test('`set` takes name=value pairs, and `get --raw` prints one value', async () => {
  await command(
    'set',
    'a.db',
    'a',
    'n',
    's',
    'step=2',
    'name=Ann Lee',
    'zip="0123"',
    'tags=["x"]',
    'text=a=b',
    'none=null',
  )
  expect(JSON.parse((await command('get', 'a.db', 'a', 'n', 's')).out)).toEqual({
    step: 2,
    name: 'Ann Lee',
    zip: '0123',
    tags: ['x'],
    text: 'a=b',
    none: null,
  })
  await command('set', 'a.db', 'a', 'n', 'step=1')
  const raw = (property: string, ...session: string[]) =>
    command('get', 'a.db', 'a', 'n', ...session, '--property', property, '--raw')
  expect((await raw('name', 's')).out).toBe('Ann Lee\n')
  expect((await raw('tags', 's')).out).toBe('["x"]\n')
  expect((await raw('step')).out).toBe('1\n')
  expect(await raw('other', 's')).toEqual({
    code: 3,
    out: '',
    err: 'context-store: the session has no such property\n',
  })
})

test('`export` and `import` of 100,000 sessions need little memory', async () => {
  const count = 100_000
  const store = sqliteStore({ path: inFolder('many.db') })
  const many = store.account('a').namespace('n')
  for (let from = 0; from < count; from += 5000) {
    const some = Array.from({ length: 5000 }, (_, index) => many.session(`s${from + index}`))
    await Promise.all(some.map((session, index) => session.patch({ index, text: 'x'.repeat(300) })))
  }
  await store.close()
  const little = ['--max-old-space-size=40']
  const exporting = start(['export', 'many.db'], little)
  const importing = start(['import', 'copy.db'], little)
  exporting.child.stdout.pipe(importing.child.stdin)
  expect([await exporting.ended, await importing.ended]).toEqual([
    [0, null],
    [0, null],
  ])
  // Without a terminal, no progress is shown.
  expect(exporting.err()).toBe('context-store: exported 100,000 sessions\n')
  expect(importing.err()).toBe('context-store: imported 100,000 sessions\n')
  const copy = sqliteStore({ path: inFolder('copy.db') })
  onTestFinished(() => copy.close())
  let found = 0
  for await (const _ of copy.account('a').namespace('n').sessions()) found++
  expect(found).toBe(count)
})

test('`export` ends without a message if its output is closed', async () => {
  const store = sqliteStore({ path: inFolder('some.db') })
  const sessions = Array.from({ length: 5000 }, (_, index) =>
    store.session({ account: 'a', namespace: 'n', session: `s${index}` }),
  )
  await Promise.all(sessions.map((session) => session.patch({ text: 'x'.repeat(500) })))
  await store.close()
  const exporting = start(['export', 'some.db'])
  await once(exporting.child.stdout, 'data')
  exporting.child.stdout.destroy()
  expect(await exporting.ended).toEqual([0, null])
  expect(exporting.err()).toBe('')
})

test('`import` refuses a line that is too long before it fills the memory', async () => {
  const { code, err } = await fed(Buffer.alloc(20_000_000, 'x'), 'import', 'a.db')
  expect([code, err]).toEqual([1, expect.stringContaining('line 1: longer than')])
})

test('`import` can be run again after it was killed', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    JSON.stringify({ account: 'a', namespace: 'n', session: `s${index}`, properties: { index } }),
  )
  await writeFile(inFolder('in.ndjson'), lines.join('\n'))
  const first = start(['import', 'a.db', 'in.ndjson'])
  while (!existsSync(inFolder('a.db-wal'))) await new Promise((resolve) => setImmediate(resolve))
  first.child.kill('SIGKILL')
  await first.ended
  expect(await command('import', 'a.db', 'in.ndjson')).toEqual({
    ...done,
    err: 'context-store: imported 20,000 sessions\n',
  })
  const out = (await command('export', 'a.db')).out
  expect(out.split('\n').filter((line) => line.includes('"session"'))).toHaveLength(lines.length)
  expect(await readFile(inFolder('in.ndjson'), 'utf8')).toBe(lines.join('\n'))
})

/** Everything that a command writes to a terminal, which script(1) provides. */
async function onTerminal(command: string): Promise<string> {
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: inFolder('.') })
  let shown = ''
  terminal.stdout.on('data', (text) => {
    shown += text
  })
  expect(await once(terminal, 'close')).toEqual([0, null])
  return shown
}

test('`import` and `export` show their progress on a terminal, and erase it at the end', async () => {
  const line = JSON.stringify({ account: 'a', namespace: 'n', session: 's', properties: { p: 1 } })
  await writeFile(inFolder('in.ndjson'), `${line}\n`.repeat(1000))
  const shown = await onTerminal(`${process.execPath} ${main} import a.db in.ndjson`)
  expect(shown).toMatch(/\[[#.]{30}\] [\d,]+ imported/)
  expect(shown.endsWith('\r\x1b[Kcontext-store: imported 1,000 sessions\r\n')).toBe(true)

  const exported = await onTerminal(`${process.execPath} ${main} export a.db > out.ndjson`)
  expect(exported.endsWith('1 exported\r\x1b[Kcontext-store: exported 1 session\r\n')).toBe(true)
  // No progress if the output goes to the terminal too: it would appear in the middle.
  const lines = await onTerminal(`${process.execPath} ${main} export a.db`)
  expect(lines.replaceAll('\r', '')).toBe(
    `${await readFile(inFolder('out.ndjson'), 'utf8')}context-store: exported 1 session\n`,
  )
})

test.each([
  ['export', ['export', 'full.db']],
  ['get', ['get', 'full.db', 'a', 'n', 's']],
])('`%s` reports a full disk, and exits with 1', async (_, args) => {
  const store = sqliteStore({ path: inFolder('full.db') })
  await store
    .account('a')
    .namespace('n')
    .session('s')
    .patch({ text: 'x'.repeat(100_000) })
  await store.close()
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const child = spawn(process.execPath, [main, ...args], {
    cwd: inFolder(''),
    stdio: ['ignore', full, 'pipe'],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(child, 'close')
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringMatching(/^context-store: the output could not be written in full: ENOSPC.*\n$/),
  })
})
