// Measures the mutation score of a package: how many small faults in its sources its tests detect.
//
//   npm run mutate -- core                     all mutants of a package: core, sqlite or redis
//   npm run mutate -- core/src/calls/lock.ts   the mutants whose ids begin with this
//
// MUTANTS=300 takes a random sample, SEED=… repeats one. Each mutant is written into a copy of the checkout, where the
// packages are bundled again and tested, quick tests first.
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compilerOf, mutantsOf, mutated } from './mutants.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Selects the quick cases of the kit: random programs on a real engine take most of its time. */
const withoutPrograms = '(?!.*(?:random|at the same time|of one second))'

/** Arguments of vitest for each package, run in this order until one fails. */
const tests = {
  core: [
    [
      'packages/core/test',
      // The synchronous side with transactions; an engine that is slow or fails; locks by key.
      'packages/sqlite/test/group-commit.test.ts',
      'packages/conformance/test/faulty-adapter.test.ts',
      'packages/keyv/test/atomic.test.ts',
    ],
    ['packages/memory/test/conformance.test.ts', '-t', ' memory:'],
  ],
  sqlite: [
    ['packages/sqlite/test', '--exclude', '**/{conformance,kill,power-cut,processes}.test.ts'],
    ['packages/sqlite/test/conformance.test.ts', '-t', withoutPrograms],
  ],
  redis: [
    ['call-order', 'conditions', 'read-at-expiry', 'eviction', 'foreign-data', 'expiry'].map(
      (name) => `packages/redis/test/${name}.test.ts`,
    ),
    ['packages/redis/test/conformance.test.ts', '-t', `one node ${withoutPrograms}`],
    ['tick-batch', 'bounded-work', 'listing', 'slot-move', 'keys', 'permissions', 'client', 'faults'].map(
      (name) => `packages/redis/test/${name}.test.ts`,
    ),
  ],
}

/** A mutant may take this many times as long as a run without a fault; one that takes longer counts as hanging. */
const patience = 4

const prefix = process.argv[2] ?? ''
const name = prefix.split('/')[0]
if (!Object.hasOwn(tests, name)) throw new Error(`name one of the packages: ${Object.keys(tests).join(', ')}`)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
const all = mutantsOf(root, name).filter(({ id }) => id.startsWith(prefix))
const chosen = sampleOf(all, Number(process.env.MUTANTS ?? all.length))
console.log(`${chosen.length} of at most ${all.length} mutants, seed ${seed}`)

const folder = await mkdtemp(join(tmpdir(), 'mutants-'))
const results = { killed: 0, survived: 0, 'timed out': 0 }
try {
  // Two at a time, because a run spends much of its time waiting.
  const copies = await Promise.all(['1', '2'].map(copied))
  const limits = await limitsOf(copies[0])
  const left = [...chosen]
  await Promise.all(copies.map((copy) => runMutants(copy, left, limits)))
} finally {
  await rm(folder, { recursive: true, force: true })
}
const { killed, survived, 'timed out': late } = results
console.log(
  `${name}: ${killed} killed, ${late} timed out, ${survived} survived: ${percent(killed + late, chosen.length)}`,
)

function percent(part, whole) {
  return `${((100 * part) / whole).toFixed(1)} %`
}

/** `size` mutants that compile, chosen by the seed. */
function sampleOf(mutants, size) {
  const compiles = compilerOf(root, name)
  const random = numbers(seed)
  const sample = []
  const rest = [...mutants]
  while (sample.length < size && rest.length > 0) {
    const [mutant] = rest.splice(Math.floor(random() * rest.length), 1)
    if (compiles(mutant)) sample.push(mutant)
  }
  return sample
}

/** The random number generator mulberry32. */
function numbers(start) {
  let state = start | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Makes a copy of the checkout that shares only the installed dependencies. */
async function copied(to) {
  const copy = join(folder, to)
  const left = new Set(['.git', 'node_modules', 'test-results'])
  await cp(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) })
  const modules = join(copy, 'node_modules')
  await mkdir(join(modules, '@context-store'), { recursive: true })
  for (const entry of await readdir(join(root, 'node_modules'))) {
    if (entry !== '@context-store' && entry !== '.vite') {
      await symlink(join(root, 'node_modules', entry), join(modules, entry))
    }
  }
  for (const entry of await readdir(join(copy, 'packages'))) {
    await symlink(join(copy, 'packages', entry), join(modules, '@context-store', entry))
  }
  return copy
}

/** The time limit of each run; throws if a run fails without a fault. */
async function limitsOf(copy) {
  const limits = []
  await run(copy, ['scripts/bundle.mjs'], 60_000)
  for (const test of tests[name]) {
    const start = Date.now()
    const { outcome, output } = await run(copy, vitest(test), 900_000)
    if (outcome !== 'passed') throw new Error(`the tests fail without a fault: ${test.join(' ')}\n${output}`)
    limits.push(20_000 + patience * (Date.now() - start))
  }
  return limits
}

async function runMutants(copy, left, limits) {
  for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
    const file = join(copy, mutant.file)
    const text = await readFile(file, 'utf8')
    await writeFile(file, mutated(text, mutant))
    const outcome = await outcomeOf(copy, limits)
    await writeFile(file, text)
    results[outcome]++
    console.log(`${outcome}: ${mutant.id}`)
  }
}

async function outcomeOf(copy, limits) {
  await run(copy, ['scripts/bundle.mjs'], 60_000)
  for (const [index, test] of tests[name].entries()) {
    const { outcome } = await run(copy, vitest(test), limits[index])
    if (outcome !== 'passed') return outcome === 'failed' ? 'killed' : 'timed out'
  }
  return 'survived'
}

function vitest(args) {
  const flags = ['--bail', '1', '--maxWorkers', '1', '--no-isolate', '--reporter', 'dot']
  return ['node_modules/vitest/vitest.mjs', 'run', '--config', 'scripts/mutate.config.mjs', ...flags, ...args]
}

/** Runs a Node program with a time limit, because some mutants never end. */
function run(cwd, args, limit) {
  return new Promise((resolve) => {
    // In a separate process group, so that everything that the tests start can be killed with it.
    const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
    let outcome = 'failed'
    const timer = setTimeout(() => {
      outcome = 'timed out'
      process.kill(-child.pid, 'SIGKILL')
    }, limit)
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve({ outcome: code === 0 ? 'passed' : outcome, output })
    })
  })
}
