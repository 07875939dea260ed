import { readFile } from 'node:fs/promises'
import * as core from '@context-store/core'
import { ContextStoreError } from '@context-store/core'
import { statusOfError } from '@context-store/rest'
import { expect, test } from 'vitest'

test('`statusOfError` and the table in the README have all error codes of core', async () => {
  const codes = Object.values<unknown>(core)
    .filter((member) => typeof member === 'function' && member.prototype instanceof ContextStoreError)
    .map((subclass) => (Reflect.construct(subclass as () => void, ['']) as ContextStoreError).code)
  expect(Object.keys(statusOfError).toSorted()).toEqual(codes.toSorted())

  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const rows = readme.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)
  expect(Object.fromEntries(Array.from(rows, ([, code, status]) => [code, Number(status)]))).toEqual(
    statusOfError,
  )
})
