import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'

// The recipes have their own lockfile, so that `npm ci` of the project stays fast.
const cwd = fileURLToPath(new URL('..', import.meta.url))
const packages = fileURLToPath(new URL('../../../packages', import.meta.url))

beforeAll(() => {
  if (!existsSync(`${cwd}/node_modules/jest`)) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })
  }
  // Copied as npm would install them: runners that transform files treat node_modules differently.
  for (const name of ['core', 'memory', 'rest']) {
    const installed = `${cwd}/node_modules/@context-store/${name}`
    rmSync(installed, { recursive: true, force: true })
    for (const part of ['dist', 'package.json']) {
      cpSync(`${packages}/${name}/${part}`, `${installed}/${part}`, { recursive: true })
    }
  }
})

test.each([
  ['node-test', /^# pass 3$/m],
  ['vitest', /Tests +3 passed \(3\)/],
  ['jest-esm', /^Tests: +2 passed, 2 total$/m],
  ['jest-babel', /^Tests: +2 passed, 2 total$/m],
  ['msw', /^# pass 2$/m],
  ['playwright', /^# pass 2$/m],
])('the recipe %s passes', async (recipe, passed) => {
  const CHROMIUM = recipe === 'playwright' ? await installedProgram('chromium') : ''
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', CHROMIUM }
  const { stdout, stderr } = await promisify(execFile)('npm', ['run', recipe], { cwd, env })
  expect(stdout + stderr).toMatch(passed)
})
