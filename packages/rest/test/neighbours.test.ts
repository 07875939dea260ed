import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'

// The neighbours have a lockfile of their own, so that `npm ci` of the project stays as fast as it is.
const cwd = fileURLToPath(new URL('neighbours', import.meta.url))

beforeAll(() => {
  if (existsSync(`${cwd}/node_modules/.package-lock.json`)) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })
})

test.each(['MSW 2', 'nock 14', 'nock 13', "undici's MockAgent", 'a second double', 'happy-dom', 'jsdom'])(
  'beside %s, each one’s requests reach it in any order, and the globals are then what they were',
  async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['beside.mjs', name], { cwd })
    expect(JSON.parse(stdout)).toEqual([])
  },
)
