import { inspect } from 'node:util'
import { memoryStore } from '@context-store/memory'
import { createHandler, createKeys } from '@context-store/rest'
import { expect, test } from 'vitest'

function statuses(keys: ReturnType<typeof createKeys>) {
  const handle = createHandler(memoryStore(), { keys })
  return async (account: string, key: string) => {
    const v1 = new Request(`http://host/v1/account/${account}`, { headers: { 'maven-api-key': key } })
    const v2 = new Request('http://host/v2/context/document/delete', {
      method: 'DELETE',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ accountId: account, nameSpace: 'n' }),
    })
    return [(await handle(v1)).status, (await handle(v2)).status]
  }
}

test.each([
  ['any key', undefined],
  ['one key for all', 'secret'],
  ['a key for each', { a: 'secret', b: 'secret' }],
])('%s: after `regenerate`, the new key is the only one of its account', async (_, given) => {
  const keys = createKeys(given)
  const status = statuses(keys)
  expect(await status('a', 'secret')).toEqual([200, 200])
  const first = keys.regenerate('a')
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(await status('a', 'secret')).toEqual([403, 403])
  expect(await status('a', first)).toEqual([200, 200])
  expect(await status('b', 'secret')).toEqual([200, 200])
  const second = keys.regenerate('a')
  expect(second).not.toBe(first)
  expect(await status('a', first)).toEqual([403, 403])
  expect(await status('a', second)).toEqual([200, 200])
  keys.reset()
  expect(await status('a', 'secret')).toEqual([200, 200])
  expect(await status('a', second)).toEqual(given === undefined ? [200, 200] : [403, 403])
})

test('`regenerate` gives a key to an account that had none', async () => {
  const keys = createKeys({})
  const status = statuses(keys)
  expect(await status('accepts', 'x')).toEqual([403, 403])
  expect(await status('accepts', keys.regenerate('accepts'))).toEqual([200, 200])
})

test('a logged key ring shows no key', () => {
  const keys = createKeys({ a: 'secret' })
  const made = keys.regenerate('b')
  const shown = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys)
  expect(shown).not.toContain('secret')
  expect(shown).not.toContain(made)
})

test('accounts may have the names of a key ring’s members', async () => {
  const handle = createHandler(memoryStore(), { keys: { accepts: 'x', regenerate: 'y' } })
  const status = async (account: string) =>
    (await handle(new Request(`http://host/v1/account/${account}`, { headers: { 'maven-api-key': 'x' } })))
      .status
  expect([await status('accepts'), await status('regenerate')]).toEqual([200, 403])
})
