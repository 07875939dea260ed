import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('..', import.meta.url)

/** Runs a program as a third party's package would: on the built packages, under Node's own runner. */
function run(program: string): { readonly status: number | null; readonly output: string } {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  })
  return { status, output: stdout + stderr }
}

function readmeProgram(): string {
  const [, program] = /```js\n(.*?)```/s.exec(readFileSync(new URL('README.md', folder), 'utf8')) ?? []
  expect(program).toContain("from 'node:test'")
  return program ?? ''
}

test('the README’s first program passes under node:test', () => {
  const { status, output } = run(readmeProgram())
  expect(output).toContain('[patch] memory: merges')
  expect(output).toContain('(sync)')
  expect(status, output.slice(-2000)).toBe(0)
})

test('and fails for a store that breaks a rule', () => {
  const broken = readmeProgram().replace(
    'memoryStore(options)',
    "memoryStore({ ...options, namespaces: 'implicit' })",
  )
  const { status, output } = run(broken)
  expect(output).toContain('[existence] where namespaces are explicit')
  expect(status).toBe(1)
})
