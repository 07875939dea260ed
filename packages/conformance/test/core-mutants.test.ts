import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CoreCheck } from './core-checks.ts'
import { type CoreMutant, coreMutants } from './mutants/core-mutants.ts'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const sources = {
  '@context-store/core': 'core/src/index.ts',
  '@context-store/core/adapter': 'core/src/adapter.ts',
  '@context-store/memory': 'memory/src/index.ts',
  '@context-store/conformance': 'conformance/src/index.ts',
}

/** Resolves the packages to their sources, and inserts the fault into one file. */
function fromSources(mutant: CoreMutant | undefined): Plugin {
  return {
    name: 'from sources',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^@context-store\// }, ({ path }) => {
        const source = Object.entries(sources).find(([name]) => name === path)?.[1]
        if (source === undefined) throw new Error(`there is no source for ${path}`)
        return { path: join(packages, source) }
      })
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (mutant === undefined || path !== join(packages, mutant.file)) return undefined
        const text = await readFile(path, 'utf8')
        if (text.split(mutant.from).length !== 2) {
          throw new Error(`${mutant.file} has changed: the mutant "${mutant.name}" is out of date`)
        }
        return { contents: text.replace(mutant.from, () => mutant.to), loader: 'ts' }
      })
    },
  }
}

let folder = ''
let unchanged = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'core-mutants-'))
  unchanged = await bundled(undefined)
})
afterAll(() => rm(folder, { recursive: true }))

/** Bundles the checks with a mutant; returns the file to run. */
async function bundled(mutant: CoreMutant | undefined): Promise<string> {
  const outfile = join(folder, mutant === undefined ? 'unchanged.mjs' : `${coreMutants.indexOf(mutant)}.mjs`)
  await build({
    entryPoints: [join(packages, 'conformance/test/core-check-program.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [fromSources(mutant)],
    logLevel: 'silent',
  })
  return outfile
}

/** Runs a check in a separate process, where it may also hang or end the process; returns its failures. */
function failuresIn(file: string, check: CoreCheck): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const args = [file, JSON.stringify(check)]
    execFile(process.execPath, args, { timeout: 90_000 }, (error, stdout, stderr) => {
      resolve(error === null ? JSON.parse(stdout) : [`the process ended with ${error.code}: ${stderr}`])
    })
  })
}

describe('core and memory without a fault pass', () => {
  const checks = new Set(coreMutants.map(({ seenBy }) => JSON.stringify(seenBy)))
  test.each([...checks])('%s', async (check) => {
    expect(await failuresIn(unchanged, JSON.parse(check))).toEqual([])
  })
})

describe('the checks detect a core or memory that', () => {
  test.each(coreMutants.map((mutant) => [mutant.name, mutant] as const))('%s', async (_, mutant) => {
    expect(await failuresIn(await bundled(mutant), mutant.seenBy)).not.toEqual([])
  })
})
