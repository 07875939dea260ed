import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from './redis-servers/one-node.ts'

// Checks for leaks: the amount of data stays about the same, so nothing else may grow, however long a store is used.

/** The total number of calls; for a long run by hand, set SOAK_OPERATIONS=10000000. */
const operations = Number(process.env.SOAK_OPERATIONS ?? 1_000_000)
const seed = Number(process.env.SOAK_SEED ?? Math.floor(Math.random() * 2 ** 31))

const kinds: readonly (readonly [backend: string, share: number, locationOf: () => Promise<string>])[] = [
  ['memory', 0.6, async () => ''],
  ['sqlite', 0.25, async () => join(folder(), 'soak.db')],
  ['redis', 0.1, async () => redisUrl()],
  ['keyv', 0.05, async () => ''],
]

test.each(kinds)(
  `nothing grows when %s is used for a long time (SOAK_SEED=${seed})`,
  { timeout: 3_600_000 },
  async (backend, share, locationOf) => {
    const samples = await soak(backend, operations * share, await locationOf())
    expect(samples.length).toBeGreaterThan(20)
    const quarter = (n: number): readonly Sample[] =>
      samples.slice(Math.floor((samples.length * n) / 4), Math.floor((samples.length * (n + 1)) / 4))
    const mean = (of: readonly Sample[], what: string): number =>
      of.reduce((sum, sample) => sum + (sample[what] ?? 0), 0) / of.length
    const last = samples.at(-1) ?? {}
    console.log(`${backend}: ${JSON.stringify(last)}`)
    for (const what of Object.keys(last).filter((key) => key !== 'done')) {
      const [early, late] = [mean(quarter(1), what), mean(quarter(3), what)]
      expect(late, `${what} grew from ${early} to ${late}`).toBeLessThanOrEqual(
        early * 1.1 + (allowance[what] ?? 0),
      )
    }
  },
)

type Sample = { readonly [what: string]: number }

/** Allowed growth in addition to a tenth, because the amount of data varies randomly. */
const allowance: Sample = {
  heapBytes: 1_000_000,
  usedBytes: 1_000_000,
  walBytes: 1_000_000,
  fileBytes: 100_000,
  keys: 60,
}

async function soak(backend: string, count: number, location: string): Promise<Sample[]> {
  const script = join(import.meta.dirname, 'fixtures/soak.mjs')
  const args = ['--expose-gc', script, backend, String(count), String(seed), location]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill())
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  expect(errors).toBe('')
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'context-store-soak-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function redisUrl(): Promise<string> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  return server.url
}
