import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { installedProgram } from '../../../test/installed-program.ts'

const run = promisify(execFile)
const main = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url))
const file = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

let programs: { python: string; curl: string }
beforeAll(async () => {
  programs = { python: await installedProgram('python3'), curl: await installedProgram('curl') }
})

test('the test in Python passes', async () => {
  const env = { ...process.env, CONTEXT_STORE: JSON.stringify([process.execPath, main]) }
  const { stderr } = await run(programs.python, [file('test_orders.py')], { env })
  expect(stderr).toMatch(/Ran 2 tests[\s\S]*\nOK\n$/)
})

test('the test in a shell script passes', async () => {
  const env = { ...process.env, CONTEXT_STORE_COMMAND: `${process.execPath} ${main}` }
  const { stdout } = await run('sh', [file('test-orders.sh')], { env })
  expect(stdout).toBe('ok\n')
})
