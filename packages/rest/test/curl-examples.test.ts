import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ContextStore, Properties } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { serve } from '@context-store/rest/node'
import { sqliteStore } from '@context-store/sqlite'
import { beforeAll, expect, test } from 'vitest'
import data from './curl-examples.json' with { type: 'json' }

// Runs every curl example of the vendor's page of 2019 with curl, in the page's order. The examples have several keys for
// one account, so the server accepts any key.

type State = { [account: string]: { [namespace: string]: { [session: string]: Properties } } }
type Expected = { readonly status: number; readonly body?: unknown }
type Example = (typeof data.examples)[number] & {
  readonly onEmptyStore: Expected
  readonly onSeededStore: Expected
}

const run = promisify(execFile)
const examples: readonly Example[] = data.examples

const stores: readonly [name: string, open: (folder: string) => ContextStore][] = [
  ['memory', () => memoryStore()],
  ['SQLite', (folder) => sqliteStore({ path: join(folder, 'examples.db') })],
]
const starts: readonly [start: 'onEmptyStore' | 'onSeededStore', seed: State, left: State][] = [
  ['onEmptyStore', {}, data.leftOnEmptyStore],
  ['onSeededStore', data.seed, data.leftOnSeededStore],
]

beforeAll(async () => {
  await run('curl', ['--version']).catch((cause) => {
    throw new Error('curl is missing: apt-get install -y curl', { cause })
  })
})

for (const [name, open] of stores) {
  test.each(starts)(
    `the examples of the page have the expected answers on ${name}, %s`,
    async (start, seed, left) => {
      const folder = await mkdtemp(join(tmpdir(), 'curl-examples-'))
      const store = open(folder)
      await write(store, seed)
      const server = await serve({ store })
      try {
        for (const example of examples) {
          expect({ section: example.section, ...(await curl(server.url, example)) }).toEqual({
            section: example.section,
            body: undefined,
            ...example[start],
          })
        }
        expect(await read(store)).toEqual(left)
      } finally {
        await server.close()
        await store.close()
        await rm(folder, { recursive: true })
      }
    },
  )
}

async function curl(url: string, { method, path, headers, body }: Example): Promise<Expected> {
  const args = ['-g', '--silent', '--request', method, '--url', url + path, '--write-out', '\n%{http_code}']
  for (const header of headers) args.push('--header', header)
  if (body !== undefined) args.push('--data', body)
  const { stdout } = await run('curl', args)
  const end = stdout.lastIndexOf('\n')
  const text = stdout.slice(0, end)
  return { status: Number(stdout.slice(end)), body: text === '' ? undefined : JSON.parse(text, instant) }
}

function instant(name: string, value: unknown): unknown {
  const isInstant = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
  return name === 'createdAt' && isInstant ? '<instant>' : value
}

async function write(store: ContextStore, state: State): Promise<void> {
  for (const [account, namespaces] of Object.entries(state)) {
    for (const [namespace, sessions] of Object.entries(namespaces)) {
      for (const [session, properties] of Object.entries(sessions)) {
        await store.session({ account, namespace, session }).patch(properties)
      }
    }
  }
}

async function read(store: ContextStore): Promise<object> {
  const state: { [account: string]: { [namespace: string]: { [session: string]: object } } } = {}
  for await (const account of store.accounts()) {
    const namespaces: (typeof state)[string] = {}
    state[account] = namespaces
    for await (const { name } of store.account(account).namespaces()) {
      const namespace = store.account(account).namespace(name)
      const sessions: (typeof namespaces)[string] = {}
      namespaces[name] = sessions
      for await (const { id } of namespace.sessions()) sessions[id] = await namespace.session(id).getAll()
    }
  }
  return state
}
