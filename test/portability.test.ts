import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { manifestOf, packageFolders } from './package-folders.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

// Which packages of this repository each package may import. rest imports memory only for its doubles.
const below: { readonly [folder: string]: readonly string[] } = {
  core: [],
  memory: ['core'],
  sqlite: ['core'],
  indexeddb: ['core'],
  offline: ['core'],
  redis: ['core'],
  keyv: ['core'],
  conformance: ['core'],
  rest: ['core', 'memory'],
  'chat-sdk': ['core'],
  'express-session': ['core'],
  grammy: ['core'],
  langgraph: ['core'],
  'microsoft-agents': ['core'],
  telegraf: ['core'],
  cli: ['core', 'memory', 'sqlite', 'redis', 'rest'],
}

describe.each(packageFolders)('%s', (folder) => {
  const name = folder.replace('packages/', '')
  const imports = importsOf(`${folder}/src`)

  test('imports only the packages that it may import', () => {
    const house = imports.flatMap((path) => /^@context-store\/([^/]+)/.exec(path)?.[1] ?? [])
    expect(below[name]).toEqual(expect.arrayContaining([...new Set(house)]))
  })

  test('declares what it imports', () => {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifestOf(folder)
    const foreign = imports.filter((path) => !path.startsWith('.') && !isBuiltin(path)).map(packageOf)
    const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    expect(declared).toEqual(expect.arrayContaining([...new Set(foreign)]))
  })

  test('imports other packages only by their entry points', () => {
    expect(imports.filter((path) => path.startsWith('../..'))).toEqual([])
  })
})

test('core depends on nothing', () => {
  expect(manifestOf('packages/core')).not.toHaveProperty('dependencies')
  expect(manifestOf('packages/core')).not.toHaveProperty('optionalDependencies')
  expect(manifestOf('packages/core')).not.toHaveProperty('peerDependencies')
})

test('core and memory run with only the language and setTimeout', async () => {
  const { code, inputs } = await bundle(`
    import { absent, ContextStoreError } from '@context-store/core'
    import { memoryStore } from '@context-store/memory'
    const store = memoryStore()
    const session = store.account('a').namespace('n').session('s')
    export const outcome = (async () => {
      await session.patch({ step: 1, cart: [{ tea: 2 }], draft: 'x' }, { ttlSeconds: 60 })
      await Promise.all([1, 2, 3].map(() => session.update(['step'], ({ step }) => ({ step: step + 1 }))))
      await session.patchIf({ step: 4 }, { draft: absent })
      const refused = await session.patch({ at: new Date() }).catch((error) => error)
      const ids = []
      for await (const { id } of store.account('a').namespace('n').sessions()) ids.push(id)
      const all = await session.getAll()
      store.sync.close()
      return JSON.stringify([all, ids, ContextStoreError.is(refused, 'invalid-value')])
    })()
  `)
  expect(inputs.filter((path) => !/^packages\/(core|memory)\/dist\/|^<stdin>$/.test(path))).toEqual([])
  const outcome: unknown = await runInContext(`${code};program.outcome`, createContext({ setTimeout }))
  expect(outcome).toBe(JSON.stringify([{ step: 4, cart: [{ tea: 2 }] }, ['s'], true]))
})

test('the double for `handle` runs with only what a service worker has', async () => {
  const { code, inputs } = await bundle(`
    import { createContextService } from '@context-store/rest/testing/web'
    const service = createContextService({ state: { a: { n: { s: { step: 1 } } } } })
    service.fault({ status: 429, headers: { 'retry-after': '1' }, match: { method: 'GET' } })
    const init = { headers: { 'maven-api-key': 'k', 'content-type': 'application/json' } }
    const send = (more) => service.handle(new Request(service.url + '/v1/account/a/n/s/properties', { ...init, ...more }))
    export const outcome = (async () => {
      const patched = await send({ method: 'PATCH', body: '{"step":2}' })
      const busy = await send({})
      const read = await (await send({})).text()
      service.assertDone()
      await service.close()
      return JSON.stringify([patched.status, busy.status, busy.headers.get('retry-after'), read])
    })()
  `)
  expect(inputs.filter((path) => !/^packages\/(core|memory|rest)\/dist\/|^<stdin>$/.test(path))).toEqual([])
  const { Request, Response, URL, TextDecoder, TextEncoder, ReadableStream } = globalThis
  const worker = {
    Request,
    Response,
    URL,
    TextDecoder,
    TextEncoder,
    ReadableStream,
    setTimeout,
    clearTimeout,
    console,
  }
  const outcome: unknown = await runInContext(`${code};program.outcome`, createContext(worker))
  expect(outcome).toBe(JSON.stringify([204, 429, '1', '{"step":2}']))
})

// Bytes, minified and gzipped. The targets are in docs/performance.md, "Sizes".
test.each([
  ['what a user of core imports', "export * from '@context-store/core'", 1_000],
  [
    'core with createStore',
    "export * from '@context-store/core'; export { createStore } from '@context-store/core/adapter'",
    9_700,
  ],
  ['the memory store', "export * from '@context-store/core'; export * from '@context-store/memory'", 12_400],
  [
    'the REST client',
    "export * from '@context-store/core'; export { restStore } from '@context-store/rest/client'",
    13_200,
  ],
  [
    'the stores of an edge app',
    `export { absent, ContextStoreError } from '@context-store/core'
     export { indexedDbStore } from '@context-store/indexeddb'
     export { offlineStore } from '@context-store/offline'
     export { restStore } from '@context-store/rest/client'`,
    28_000,
  ],
])('%s stays within its budget in a bundle for browsers', async (_, contents, budget) => {
  expect(gzipSync((await bundle(contents)).code, { level: 9 }).length).toBeLessThanOrEqual(budget)
})

async function bundle(contents: string): Promise<{ code: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'program',
    minify: true,
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  return { code: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) }
}

function importsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => ts.preProcessFile(readFileSync(`${folder}/${file}`, 'utf8')).importedFiles)
    .map(({ fileName }) => fileName)
}

function packageOf(path: string): string {
  return path.split('/', path.startsWith('@') ? 2 : 1).join('/')
}
