import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.ts'
import { DatabaseSync } from './drivers.ts'
import { temporaryFolder } from './temporary.ts'

const run = promisify(execFile)
const packages = fileURLToPath(new URL('../..', import.meta.url))
const driver = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'))

const app = `
import { sqliteStore } from '@context-store/sqlite'
const store = sqliteStore({ path: process.argv[2] })
const session = store.session({ account: '1', namespace: 'orders', session: '42' })
await session.patch({ step: 1 }).then(
  async () => console.log(JSON.stringify({ read: await session.getAll(), sync: store.sync.session(session.address).getAll() })),
  ({ code, message, cause }) => console.log(JSON.stringify({ code, message, cause: cause?.message })),
)
`

/** A folder in which core and sqlite are installed as npm would, without any driver. */
function installed(): string {
  const folder = temporaryFolder()
  for (const name of ['core', 'sqlite']) {
    for (const part of ['package.json', 'dist']) {
      const to = join(folder, 'node_modules/@context-store', name, part)
      cpSync(join(packages, name, part), to, { recursive: true })
    }
  }
  writeFileSync(join(folder, 'app.mjs'), app)
  return folder
}

/** Puts a package better-sqlite3 with this code into the folder. */
function withDriver(folder: string, text: string): void {
  const path = join(folder, 'node_modules/better-sqlite3')
  mkdirSync(path)
  writeFileSync(join(path, 'index.js'), text)
}

async function outputOf(folder: string, file = 'app.mjs'): Promise<unknown> {
  const { stdout } = await run(process.execPath, [file, join(folder, 'a.db')], { cwd: folder })
  return JSON.parse(stdout)
}

/** What the app prints: the result with node:sqlite if this Node has it, otherwise an error with this text. */
function fallback(text: string): unknown {
  if (DatabaseSync !== undefined) return { read: { step: 1 }, sync: { step: 1 } }
  const both = new RegExp(`${text}[^]*Node 22\\.13 or newer`)
  return { code: 'unavailable', message: expect.stringMatching(both), cause: expect.any(String) }
}

describe('if better-sqlite3 cannot be loaded, node:sqlite is used, or the error says what to do', () => {
  test('because it is not installed', async () => {
    const folder = installed()
    expect(await outputOf(folder)).toEqual(fallback('not installed: run `npm install better-sqlite3`'))
    expect(existsSync(join(folder, 'a.db'))).toBe(DatabaseSync !== undefined)
  })

  test('because its install script did not run', async () => {
    const folder = installed()
    for (const part of ['package.json', 'lib']) {
      cpSync(join(driver, part), join(folder, 'node_modules/better-sqlite3', part), { recursive: true })
    }
    for (const name of ['bindings', 'file-uri-to-path']) {
      symlinkSync(join(dirname(driver), name), join(folder, 'node_modules', name))
    }
    expect(await outputOf(folder)).toEqual(
      fallback('allow the script.*allowScripts.*pnpm approve-builds.*dependenciesMeta.*rebuild'),
    )
  })

  test('because it was compiled for another Node', async () => {
    const folder = installed()
    const message = 'was compiled against a different Node.js version using NODE_MODULE_VERSION 108.'
    withDriver(
      folder,
      `module.exports = class { constructor() { throw new Error(${JSON.stringify(message)}) } }`,
    )
    expect(await outputOf(folder)).toEqual(
      fallback('another version of Node: run `npm rebuild better-sqlite3`'),
    )
  })

  test('because addons are not permitted', async () => {
    const folder = installed()
    withDriver(folder, `throw new Error('requires ffi access')`)
    expect(await outputOf(folder)).toEqual(fallback('better-sqlite3 cannot be loaded: see the cause'))
  })
})

test('better-sqlite3 is used if it can be loaded', async () => {
  const folder = installed()
  withDriver(
    folder,
    `const Real = require(${JSON.stringify(driver)})
    module.exports = class extends Real { constructor(path) { super(path); require('node:fs').appendFileSync('opened', path + '\\n') } }`,
  )
  expect(await outputOf(folder)).toEqual({ read: { step: 1 }, sync: { step: 1 } })
  expect(readFileSync(join(folder, 'opened'), 'utf8')).toBe(`:memory:\n${join(folder, 'a.db')}\n`)
})

test('a backup is made by the calling thread if a worker cannot load the driver', async () => {
  const folder = installed()
  withDriver(
    folder,
    `if (!require('node:worker_threads').isMainThread) {
      require('node:fs').writeFileSync('tried', '')
      throw new Error('not in a worker')
    }
    module.exports = require(${JSON.stringify(driver)})`,
  )
  writeFileSync(
    join(folder, 'app.mjs'),
    `import { sqliteStore } from '@context-store/sqlite'
    const [path, copy] = [process.argv[2], process.argv[2] + '.copy']
    const address = { account: '1', namespace: 'orders', session: '42' }
    const store = sqliteStore({ path })
    await store.session(address).patch({ step: 1 })
    await store.backup(copy)
    await store.close()
    console.log(JSON.stringify(await sqliteStore({ path: copy }).session(address).getAll()))`,
  )
  expect(await outputOf(folder)).toEqual({ step: 1 })
  expect(existsSync(join(folder, 'tried'))).toBe(true)
})

test('the driver is chosen once for a process: two SQLite libraries must not open one file', async () => {
  const folder = installed()
  const path = JSON.stringify(join(folder, 'node_modules/better-sqlite3'))
  const real = JSON.stringify(driver)
  writeFileSync(
    join(folder, 'app.mjs'),
    `import { mkdirSync, writeFileSync } from 'node:fs'
    import { sqliteStore } from '@context-store/sqlite'
    const ready = () => sqliteStore({ path: process.argv[2] }).ready().then(() => 'ready', ({ code }) => code)
    const first = await ready()
    mkdirSync(${path})
    writeFileSync(${path} + '/index.js', "console.error('loaded'); module.exports = require(" + ${JSON.stringify(real)} + ')')
    console.log(JSON.stringify([first, await ready()]))`,
  )
  const { stdout, stderr } = await run(process.execPath, ['app.mjs', join(folder, 'a.db')], { cwd: folder })
  if (DatabaseSync === undefined) {
    expect(JSON.parse(stdout)).toEqual(['unavailable', 'ready'])
    expect(stderr).toContain('loaded')
  } else {
    expect(JSON.parse(stdout)).toEqual(['ready', 'ready'])
    expect(stderr).not.toContain('loaded')
  }
})

test.each(['cjs', 'esm'] as const)('works bundled as %s with better-sqlite3 external', async (format) => {
  const folder = temporaryFolder()
  symlinkSync(join(packages, '../node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'app.ts'), `async function main() {${app.replace(/^import.*$/m, '')}}\nmain()\n`)
  const text = readFileSync(join(folder, 'app.ts'), 'utf8')
  writeFileSync(join(folder, 'app.ts'), `import { sqliteStore } from '@context-store/sqlite'\n${text}`)
  const file = format === 'cjs' ? 'out.cjs' : 'out.mjs'
  await build({
    absWorkingDir: folder,
    entryPoints: ['app.ts'],
    outfile: file,
    bundle: true,
    platform: 'node',
    format,
    external: ['better-sqlite3'],
    logLevel: 'silent',
  })
  // Outside the repository: only what is beside the bundle can be found.
  expect(await outputOf(folder, join(folder, file))).toEqual({ read: { step: 1 }, sync: { step: 1 } })
})

test('a missing folder is named, and other failures to open say what is needed', async () => {
  const folder = temporaryFolder()
  const missing = join(folder, 'no/such')
  await expect(sqliteStore({ path: join(missing, 'shop.db') }).ready()).rejects.toMatchObject({
    code: 'unavailable',
    message: `the folder ${missing} does not exist: create it first`,
  })
  await expect(sqliteStore({ path: folder }).ready()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('must be a file'),
  })
})

test('a path for which a driver would open another file is refused', () => {
  for (const path of ['a.db ', 'a.db\n', 'a\u0000.db', '']) {
    expect(() => sqliteStore({ path })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  }
})
