import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'
import { findRedisServer } from '../../../test/redis-servers/find-server.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url))

const { figures }: { figures: { backend: string; operation: string }[] } = await import(
  new URL('../src/figures.mjs', import.meta.url).href
)

// The first run installs the peers, including native modules.
const patience = 600_000

async function bench(...args: string[]) {
  const { stdout, stderr } = await run(process.execPath, ['--expose-gc', main, ...args], {
    maxBuffer: 1 << 24,
  })
  // Progress is shown only on a terminal.
  expect(stderr).toBe('')
  return stdout
}

beforeAll(async () => {
  await findRedisServer()
  process.env.CHROMIUM = await installedProgram('chromium')
}, patience)

describe.each(['memory', 'sqlite', 'redis', 'indexeddb', 'offline', 'bridges', 'http', 'start', 'size'])(
  '%s',
  (section) => {
    test(
      'a short run measures every candidate and verifies its work',
      async () => {
        const lines = (await bench(section, '--short', '--json')).trimEnd().split('\n')
        const rows = lines.map((line) => JSON.parse(line))
        for (const row of rows) {
          expect(row).toEqual({
            backend: section,
            operation: expect.any(String),
            candidate: expect.any(String),
            role: expect.stringMatching(/^(limit|ours|peer)$/),
            opsPerSecond: row.opsPerSecond === null ? null : expect.any(Number),
            p50: row.p50 === null ? null : expect.any(Number),
            p99: row.p99 === null ? null : expect.any(Number),
            ratioToLimit: row.ratioToLimit === null ? null : expect.any(Number),
            ratioToBestPeer: row.ratioToBestPeer === null ? null : expect.any(Number),
            runs: expect.any(Number),
            spread: expect.any(Number),
            value: row.value === null ? null : expect.any(Number),
            unit: row.unit === null ? null : expect.any(String),
            note: expect.any(String),
          })
          // It is either a rate or a value.
          expect([row.opsPerSecond, row.value]).toContainEqual(expect.any(Number))
        }
        expect(rows.map(({ role }) => role)).toContain('ours')
        const ours = rows.filter(({ role }) => role === 'ours').map(({ operation }) => operation)
        const shown = figures.filter(({ backend }) => backend === section)
        expect(ours).toEqual(expect.arrayContaining(shown.map(({ operation }) => operation)))
        const [lossy] = rows.filter(({ candidate, note }) => /^Keyv/.test(candidate) && note !== '')
        if (section === 'sqlite' || section === 'redis') expect(lossy.note).toMatch(/^loses \d+ of \d+/)
      },
      patience,
    )
  },
)

test('an unknown section is an error of one line', async () => {
  await expect(bench('speed')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^bench: .*\n$/),
  })
})

test('--write refuses partial and short runs', async () => {
  const refused = { code: 2, stderr: expect.stringMatching(/^bench: --write .*\n$/) }
  await expect(bench('memory', '--write')).rejects.toMatchObject(refused)
  await expect(bench('--short', '--write')).rejects.toMatchObject(refused)
})
