import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'

// The neighbours have their own lockfile, so that `npm ci` of the project stays fast.
const cwd = fileURLToPath(new URL('neighbours', import.meta.url))

beforeAll(() => {
  if (existsSync(`${cwd}/node_modules/jest`)) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })
})

test.each([
  'MSW 2',
  'MSW 2, unhandled requests are errors',
  'nock 14',
  'nock 14 without net connect',
  'nock 13',
  'nock 13 without net connect',
  "undici's MockAgent",
  'a second double',
  'happy-dom',
  'jsdom',
])(
  'with %s, requests reach the right library in any order of start and end, and the globals are restored',
  async (name) => {
    // MSW logs the requests to the real hosts that are sent after the double was closed.
    vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => void vi.restoreAllMocks())
    const { besideOf } = await import(`${cwd}/beside.mjs`)
    const { neighbours } = await import(`${cwd}/neighbours.mjs`)
    expect(await besideOf(neighbours[name])).toEqual([])
  },
)

test('the same holds in Jest, whose test files have their own globals', async () => {
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--silent', '--runInBand']
  const { stderr } = await promisify(execFile)(process.execPath, [...jest, '-c', 'jest.config.json'], { cwd })
  expect(stderr).toMatch(/Tests: +13 passed, 13 total/)
})

test('a library that was active before the double was loaded does not get its requests', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['loaded-first.mjs'], { cwd })
  expect(stdout).toBe('200,200,200,200\n')
})
