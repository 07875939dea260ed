import { type ExecFileException, execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageFolders } from './package-folders.ts'
import { startRedis } from './redis-servers/one-node.ts'
import type { RedisServer } from './redis-servers/server-process.ts'

/** One fenced block of TypeScript in a README or a guide. */
interface Snippet {
  readonly name: string
  readonly file: string
  readonly code: string
  readonly runs: boolean
}

const root = fileURLToPath(new URL('..', import.meta.url))
// Inside the repository, so that the workspace's packages are found as an application finds them.
const folder = join(root, 'test-results', 'snippets')
const guides = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.md') && !name.startsWith('api'),
)
const snippets = await snippetsOf([
  'README.md',
  ...packageFolders.map((path) => join(path, 'README.md')),
  ...guides.map((name) => join('docs', name)),
])
let complaints: readonly string[] = []
let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await Promise.all(snippets.map(({ file, code }) => writeFile(join(folder, file), code)))
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        declaration: false,
        declarationMap: false,
        isolatedDeclarations: false,
        noUnusedLocals: false,
        outDir: 'out',
        rootDir: '.',
        types: ['node'],
      },
      include: ['*.mts'],
    }),
  )
  const checked = await outcome(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder],
    root,
  )
  // The types of some runtimes do not compile with the strict settings used here.
  complaints = checked.stdout
    .split('\n')
    .filter((line) => line.includes('error TS') && !line.startsWith('node_modules/'))
})

afterAll(async () => {
  await redis.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the main README has a program for each of the three kinds of users', () => {
  expect(
    snippets.filter(({ name, runs }) => runs && name.startsWith('README.md')).length,
  ).toBeGreaterThanOrEqual(3)
})

test('every compiler error is in a snippet', () => {
  expect(complaints.filter((line) => !snippets.some(({ file }) => line.includes(file)))).toEqual([])
})

describe.each(snippets)('$name', ({ file, runs }) => {
  test('compiles', () => {
    expect(complaints.filter((line) => line.includes(file))).toEqual([])
  })

  if (!runs) return
  test('runs', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'context-store-snippet-'))
    const ran = await outcome(process.execPath, [join(folder, 'out', file.replace(/\.mts$/, '.mjs'))], cwd)
    await rm(cwd, { recursive: true, force: true })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
  })
})

async function snippetsOf(pages: readonly string[]): Promise<Snippet[]> {
  const found: Snippet[] = []
  for (const page of pages) {
    // scripts/check-packages.mjs checks that each package has a README.
    if (!existsSync(join(root, page))) continue
    const text = await readFile(join(root, page), 'utf8')
    const owner = page === 'README.md' ? 'root' : page.replace(/\.md$/, '').replaceAll('/', '-')
    for (const block of text.matchAll(/^```ts( run)?\n([\s\S]*?)^```$/gm)) {
      const line = text.slice(0, block.index).split('\n').length
      const file = `${owner}-${line}.mts`
      found.push({ name: `${page}:${line}`, file, code: block[2] ?? '', runs: block[1] !== undefined })
    }
  }
  return found
}

function outcome(command: string, args: readonly string[], cwd: string) {
  return new Promise<{ code: ExecFileException['code']; stdout: string; stderr: string }>((resolve) => {
    // Snippets read the address of a Redis server from REDIS_URL.
    const env = { ...process.env, REDIS_URL: redis.url }
    execFile(command, args, { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    )
  })
}
