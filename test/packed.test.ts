import { execFile } from 'node:child_process'
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bridges, manifestOf, packageFolders } from './package-folders.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

const entries = packageFolders.flatMap((folder) => {
  const { name, exports = {} } = manifestOf(folder)
  return Object.keys(exports)
    .filter((entry) => entry.startsWith('.') && !entry.endsWith('.json'))
    .map((entry) => name + entry.slice(1))
})
// Bridges refer to the types of their runtimes, which are not checked here.
const own = entries.filter((entry) => !bridges.includes(entry))
// The others refer to the web's Request, Response and AbortSignal, or to Node's types, which not every consumer has.
const bare = own.filter((entry) => !/^@context-store\/(rest|offline)/.test(entry))

/** A program that uses the stores, as an ES module or as CommonJS, depending on `openers`. */
const program = (openers: string, annotation = '') => `
${openers}
async function main()${annotation} {
  for (const store of [memoryStore(), sqliteStore({ path: ':memory:' })]) {
    const session = store.account('a').namespace('n').session('s')
    await session.patch({ step: 1, draft: 'x' })
    const claim = await session.patchIf({ step: 1 }, { draft: absent })
    console.log(JSON.stringify([claim.ok, await session.getAll(), store.sync.account('a').id]))
    await store.close()
    const late = await session.getAll().catch((error) => ContextStoreError.is(error, 'closed'))
    console.log(late)
  }
}
main()
`
const printed = '[true,{"step":1},"a"]\ntrue\n'.repeat(2)
const imports = `
import { absent, ContextStoreError } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { sqliteStore } from '@context-store/sqlite'`
const requires = `
const { absent, ContextStoreError } = require('@context-store/core')
const { memoryStore } = require('@context-store/memory')
const { sqliteStore } = require('@context-store/sqlite')`

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-store-packed-'))
  const packed = await run(
    'npm',
    [
      'pack',
      ...packageFolders.map((path) => `./${path}`),
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      folder,
    ],
    { cwd: root },
  )
  const tarballs: { filename: string }[] = JSON.parse(packed.stdout)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
  const nodeTypes = `@types/node@${installedVersion('@types/node')}`
  await run(
    'npm',
    [
      'install',
      '--ignore-scripts',
      '--prefer-offline',
      nodeTypes,
      ...tarballs.map(({ filename }) => `./${filename}`),
    ],
    { cwd: folder },
  )
  copyCompiled()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test('every entry point can be imported', async () => {
  await writeFile(join(folder, 'all.mjs'), entries.map((entry) => `await import('${entry}')`).join('\n'))
  await run(process.execPath, ['all.mjs'], { cwd: folder })
})

test('every entry point can be required', async () => {
  await writeFile(join(folder, 'all.cjs'), entries.map((entry) => `require('${entry}')`).join('\n'))
  await run(process.execPath, ['all.cjs'], { cwd: folder })
})

test('the command runs', async () => {
  const { stdout } = await run(join(folder, 'node_modules/.bin/context-store'), ['--version'], {
    cwd: folder,
  })
  expect(stdout).toContain(installedVersion('@context-store/cli'))
})

test.each([
  ['an ES module', 'app.mjs', program(imports)],
  ['CommonJS by require', 'app.cjs', program(requires)],
])('the stores work from %s', async (_, file, text) => {
  await writeFile(join(folder, file), text)
  const { stdout } = await run(process.execPath, [file], { cwd: folder })
  expect(stdout).toBe(printed)
})

test('the stores work from a .cts under nodenext, compiled to require', async () => {
  await compile(
    'cts',
    { 'app.cts': program(imports, ': Promise<void>') },
    { module: 'nodenext', outDir: 'out' },
  )
  const compiled = join(folder, 'cts/out/app.cjs')
  expect(await readFile(compiled, 'utf8')).toContain('require("@context-store/memory")')
  const { stdout } = await run(process.execPath, [compiled], { cwd: folder })
  expect(stdout).toBe(printed)
})

describe.each([
  ['nodenext', { module: 'nodenext' }],
  ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
])('under %s', (_, options) => {
  // No skipLibCheck: our declarations are checked, with a lib that has no `Symbol.asyncDispose`, and without Node's
  // types, which would declare it.
  test.each(bare)('the types of %s compile with only the lib of ES2022', async (entry) => {
    await compile('bare', { 'app.ts': allOf([entry]) }, { ...options, noEmit: true })
  })

  test('all types compile together with those of Node', async () => {
    const files = { 'app.ts': allOf(own), 'program.ts': program(imports, ': Promise<void>') }
    await compile('node', files, { ...options, noEmit: true, types: ['node'] })
  })

  test('the types of the bridges compile together with those of their runtimes', async () => {
    const files = { 'app.ts': allOf(bridges) }
    await compile('bridges', files, { ...options, noEmit: true, types: ['node'], skipLibCheck: true })
  })
})

async function compile(
  name: string,
  files: { readonly [file: string]: string },
  options: object,
): Promise<void> {
  const project = join(folder, name)
  await rm(project, { recursive: true, force: true })
  await mkdir(project)
  // Declares `console` for programs without the types of their host.
  const host = 'declare const console: { log(...values: unknown[]): void }\n'
  for (const [file, text] of Object.entries(files)) await writeFile(join(project, file), text)
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    rootDir: '.',
    ...options,
  }
  if (!('types' in options)) await writeFile(join(project, 'host.d.ts'), host)
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }))
  const complaints = await run(process.execPath, [tsc, '-p', project], { cwd: folder }).then(
    () => '',
    (error) => error.stdout,
  )
  expect(complaints).toBe('')
}

/** A module that exports everything from the entry points. */
function allOf(names: readonly string[]): string {
  return names.map((entry, index) => `export * as entry${index} from '${entry}'\n`).join('')
}

/** Copies the native module, already compiled for this Node: the install above ran no scripts. */
function copyCompiled(): void {
  const name = 'better-sqlite3'
  const compiled = join(root, 'node_modules', name, 'build')
  if (existsSync(compiled)) cpSync(compiled, join(folder, 'node_modules', name, 'build'), { recursive: true })
}

function installedVersion(name: string): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  )
  return version
}
