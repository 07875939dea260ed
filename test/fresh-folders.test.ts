import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NpmRegistry, startNpmRegistry } from './npm-registry.ts'

// What a new user does: in an empty folder, installs the packages that the main README names, and runs its programs, with
// each package manager and runtime. The package managers and runtimes come from npm.

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const platform = `${process.platform}-${process.arch}`
const tools = {
  pnpm: 'pnpm@10.34.9',
  yarn: '@yarnpkg/cli-dist@4.18.1',
  bun: 'bun@1.4.5',
  deno: 'deno@2.9.6',
  node22: `node-${platform}@22`,
  ts52: 'ts52@npm:typescript@~5.2.2',
  ts54: 'ts54@npm:typescript@~5.4.5',
  ts57: 'ts57@npm:typescript@~5.7.3',
  ts58: 'ts58@npm:typescript@~5.8.3',
  ts59: 'ts59@npm:typescript@~5.9.3',
}
const readme = await readFile(join(root, 'README.md'), 'utf8')
const packages = Array.from(readme.matchAll(/^npm install (@context-store\/\S+)/gm), ([, name = '']) => name)
/** The programs of the main README, in its order, and what each prints. */
const programs = [
  { name: 'bot', printed: '1 true { owner: billing turns: 1 step: 2 }' },
  { name: 'test', printed: '' },
  { name: 'edge', printed: 'offline 1' },
]
const texts = Array.from(readme.matchAll(/^```ts run\n(.*?)^```$/gms), ([, text = '']) => text)

let folder = ''
/** The folder of headers for native modules, if npm is configured with one; other package managers get the same. */
let headers: { readonly [name: string]: string } = {}
let registry: NpmRegistry

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-store-fresh-'))
  registry = await startNpmRegistry()
  await mkdir(join(folder, 'tools'))
  await writeFile(join(folder, 'tools/package.json'), '{"private":true}')
  await run('npm', ['install', ...Object.values(tools)], { cwd: join(folder, 'tools') })
  const { stdout } = await run('npm', ['config', 'get', 'nodedir'])
  if (stdout.trim() !== 'undefined') headers = { npm_config_nodedir: stdout.trim() }
})

afterAll(async () => {
  await registry.close()
  await rm(folder, { recursive: true, force: true })
})

test('the main README installs its packages and has a program for each kind of user', () => {
  expect(packages.length).toBeGreaterThan(8)
  expect(texts).toHaveLength(programs.length)
})

describe('npm', () => {
  beforeAll(async () => {
    await emptyFolder('npm')
    await inFolder('npm', 'npm', ['install', '--ignore-scripts', '@types/node@20', ...packages])
    copyCompiled('npm')
  })

  test.each(programs)('the $name program runs on this Node', async ({ name, printed }) => {
    expect(plain(await inFolder('npm', process.execPath, [`${name}.mjs`]))).toBe(printed)
  })

  // The installed better-sqlite3 is compiled for another Node, so the store uses node:sqlite.
  test.each(programs)('the $name program runs on Node 22', async ({ name, printed }) => {
    const node = tool(`node-${platform}/bin/node`)
    expect(plain(await inFolder('npm', node, ['--disable-warning=ExperimentalWarning', `${name}.mjs`]))).toBe(
      printed,
    )
  })

  test.each(programs)('the $name program runs on Deno', async ({ name, printed }) => {
    expect(plain(await inFolder('npm', tool('.bin/deno'), ['run', '-A', `${name}.mjs`]))).toBe(printed)
  })

  test.each(programs)('the $name program runs on Bun', async ({ name, printed }) => {
    expect(plain(await inFolder('npm', tool('.bin/bun'), [`${name}.mjs`]))).toBe(printed)
  })

  describe.each(['ts52', 'ts54', 'ts57', 'ts59'])('%s', (version) => {
    test.each([
      ['nodenext', ['--module', 'nodenext']],
      ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
    ])('the programs have their types under %s', async (_, options) => {
      const files = programs.map(({ name }) => `${name}.mts`)
      const args = [tool(`${version}/bin/tsc`), '--strict', '--noEmit', '--target', 'es2022', ...options]
      expect(await inFolder('npm', process.execPath, [...args, ...files])).toBe('')
    })
  })

  describe('CommonJS', () => {
    const types = "import type { ContextStore } from '@context-store/core'"
    const compile = async (version: string, module: string, text: string): Promise<string> => {
      await writeFile(join(folder, 'npm/app.cts'), text)
      const options = ['--strict', '--target', 'es2022', '--module', module, '--skipLibCheck', 'app.cts']
      return inFolder('npm', process.execPath, [tool(`${version}/bin/tsc`), ...options])
    }

    test.each([
      ['ts59', 'nodenext'],
      ['ts59', 'node20'],
      ['ts58', 'nodenext'],
    ])('an import in a .cts file compiles with %s under %s', async (version, module) => {
      const text = `import { memoryStore } from '@context-store/memory'
        ${types}
        const store: ContextStore = memoryStore()
        store.close().then(() => console.log('closed'))`
      expect(await compile(version, module, text)).toBe('')
      expect(await inFolder('npm', process.execPath, ['app.cjs'])).toBe('closed\n')
    })

    test.each([
      ['ts59', 'node16'],
      ['ts57', 'nodenext'],
      ['ts54', 'node16'],
    ])('with %s under %s, a .cts file needs a dynamic import', async (version, module) => {
      const direct = "import { memoryStore } from '@context-store/memory'; memoryStore()"
      await expect(compile(version, module, direct)).rejects.toThrow('TS1479')
      const text = `${types} with { 'resolution-mode': 'import' }
        async function main() {
          const { memoryStore } = await import('@context-store/memory')
          const store: ContextStore = memoryStore()
          await store.close()
          console.log('closed')
        }
        main()`
      expect(await compile(version, module, text)).toBe('')
      expect(await inFolder('npm', process.execPath, ['app.cjs'])).toBe('closed\n')
    })
  })
})

test('rest without its optional dependency is the client and the server, without the interceptors', async () => {
  await emptyFolder('client')
  await inFolder('client', 'npm', ['install', '--omit=optional', '@context-store/rest'])
  const program = `
    import { memoryStore } from '@context-store/memory'
    import { restStore } from '@context-store/rest/client'
    import { serve } from '@context-store/rest/node'
    const server = await serve({ store: memoryStore() })
    const store = restStore({ baseUrl: server.url, apiKey: 'any' })
    await store.account('a').namespace('n').session('s').patch({ step: 1 })
    console.log(await store.account('a').namespace('n').session('s').getAll())
    await store.close()
    await server.close()`
  await writeFile(join(folder, 'client/app.mjs'), program)
  expect(await inFolder('client', process.execPath, ['app.mjs'])).toBe('{ step: 1 }\n')
  expect(await readdir(join(folder, 'client/node_modules'))).toEqual(['.package-lock.json', '@context-store'])
})

describe('pnpm, which runs no build scripts', () => {
  beforeAll(async () => {
    await emptyFolder('pnpm')
    await inFolder('pnpm', tool('.bin/pnpm'), ['add', ...packages])
  })

  test.each(programs.slice(0, 2))('the $name program runs', async ({ name, printed }) => {
    expect(plain(await inFolder('pnpm', process.execPath, [`${name}.mjs`]))).toBe(printed)
  })

  test('the error of SQLite says what to do, and SQLite works after that', async () => {
    const failed = await inFolder('pnpm', process.execPath, ['edge.mjs']).catch(({ message }) => message)
    expect(failed).toContain('pnpm approve-builds')
    await inFolder('pnpm', tool('.bin/pnpm'), ['approve-builds', '--all'])
    expect(plain(await inFolder('pnpm', process.execPath, ['edge.mjs']))).toBe('offline 1')
  })
})

describe.each(['node-modules', 'pnp'])('yarn with %s, which runs no build scripts', (linker) => {
  const cwd = `yarn-${linker}`

  beforeAll(async () => {
    await emptyFolder(cwd)
    await inFolder(cwd, tool('.bin/yarn'), ['add', ...packages])
  })

  test.each(programs.slice(0, 2))('the $name program runs', async ({ name, printed }) => {
    expect(plain(await inFolder(cwd, tool('.bin/yarn'), ['node', `${name}.mjs`]))).toBe(printed)
  })

  test('the error of SQLite says what to do, and SQLite works after that', async () => {
    const failed = await inFolder(cwd, tool('.bin/yarn'), ['node', 'edge.mjs']).catch(
      ({ message }) => message,
    )
    const [, setting = ''] = /Yarn: `(.*?)`/.exec(failed) ?? []
    expect(setting).toContain('better-sqlite3')
    const path = join(folder, cwd, 'package.json')
    await writeFile(path, (await readFile(path, 'utf8')).replace('{', `{${setting},`))
    await inFolder(cwd, tool('.bin/yarn'), ['install'])
    expect(plain(await inFolder(cwd, tool('.bin/yarn'), ['node', 'edge.mjs']))).toBe('offline 1')
  })
})

function tool(path: string): string {
  return join(folder, 'tools/node_modules', path)
}

/** Runs a command in one of the folders; returns what it printed. */
async function inFolder(name: string, command: string, args: readonly string[]): Promise<string> {
  const cwd = join(folder, name)
  // Without npm's variables, as in a shell that does not run an npm script.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('npm_')))
  const { stdout } = await run(command, args, { cwd, env: { ...env, ...headers, NO_COLOR: '1' } }).catch(
    (error) => {
      throw new Error(`${error.message}\n${error.stdout}`)
    },
  )
  return stdout
}

/** The output without quotes and line breaks, in which runtimes differ when they print objects. */
function plain(printed: string): string {
  return printed.replace(/["']/g, '').replace(/,?\s+/g, ' ').trim()
}

async function emptyFolder(name: string): Promise<void> {
  const cwd = join(folder, name)
  await mkdir(cwd)
  const write = (file: string, text: string): Promise<void> => writeFile(join(cwd, file), text)
  await write('package.json', JSON.stringify({ name, private: true }))
  await write('.npmrc', `@context-store:registry=${registry.url}\nignore-workspace-root-check=true\n`)
  await write(
    '.yarnrc.yml',
    [
      `nodeLinker: ${name.replace('yarn-', '')}`,
      'enableTelemetry: false',
      // By default Yarn does not change its lockfile in CI.
      'enableImmutableInstalls: false',
      'unsafeHttpWhitelist: ["127.0.0.1"]',
      `npmScopes: { context-store: { npmRegistryServer: "${registry.url}" } }`,
    ].join('\n'),
  )
  for (const [index, { name: program }] of programs.entries()) {
    const text = texts[index] ?? ''
    await write(`${program}.mts`, text)
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    await write(`${program}.mjs`, ts.transpile(text, options))
  }
}

/** Copies the native module, already compiled for this Node. */
function copyCompiled(name: string): void {
  const build = 'node_modules/better-sqlite3/build'
  cpSync(join(root, build), join(folder, name, build), { recursive: true })
}
