import { memoryStore } from '@context-store/memory'
import { createHandler } from '@context-store/rest'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }

const id = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  fc.constantFrom(
    '.',
    '..',
    '...',
    '%',
    '%2e',
    '/',
    '//',
    '?',
    '#',
    ',',
    '+',
    ' ',
    '\\',
    '__proto__',
    'é',
    '🙂',
  ),
  fc.constantFrom('v1', 'account', '__default__', 'constructor', ':', ';', '&', '=', '\0', '"', '{}'),
)
/** The properties of a session called `properties` have no path. */
const session = id.filter((text) => text !== 'properties')

/** Percent-encodes as clients do, or every byte, or only the necessary bytes. */
const encoders = fc.constantFrom(
  encodeURIComponent,
  (text: string) => encodeBytes(text, /[\0-\xff]/),
  (text: string) => encodeBytes(text, /[^!-~]|[%/?#]/),
)

function encodeBytes(text: string, encoded: RegExp): string {
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte)
    return encoded.test(character) ? `%${byte.toString(16).padStart(2, '0')}` : character
  }).join('')
}

test('random ids in a raw target reach the store unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(id, id, session, id, encoders, async (account, namespace, session, name, encode) => {
      const store = memoryStore()
      const handle = createHandler(store)
      const target = `/v1/account/${[account, namespace, session].map(encode).join('/')}/properties`
      const body = JSON.stringify({ [name]: 1 })
      const patch = new Request('http://host/', { method: 'PATCH', headers, body })
      expect((await handle(patch, target)).status).toBe(204)
      expect(await store.session({ account, namespace, session }).getAll()).toEqual({ [name]: 1 })

      for (const path of [`${target}/${encode(name)}`, `${target}/${encode(name)}/`]) {
        const answer = await handle(new Request('http://host/', { headers }), path)
        expect([answer.status, await answer.json()]).toEqual([200, { [name]: 1 }])
      }
      // `include` cannot name a property with a comma.
      const included = await handle(
        new Request('http://host/', { headers }),
        `${target}?include=${encodeURIComponent(name)}`,
      )
      expect(await included.json()).toEqual(name.includes(',') ? {} : { [name]: 1 })
    }),
  )
})

test('`include` takes names from URLSearchParams, repeated or joined with commas', async () => {
  // No names with escapes: JSON.parse of Node 24 confuses them with one another, also when this test parses the answer.
  const plain = id.filter((name) => JSON.stringify(name) === `"${name}"` && !name.includes(','))
  await fc.assert(
    fc.asyncProperty(fc.array(plain, { maxLength: 4 }), fc.boolean(), async (names, isJoined) => {
      const store = memoryStore()
      const properties = Object.fromEntries(names.map((name, index) => [name, index]))
      await store.session({ account: 'a', namespace: 'n' }).patch({ ...properties, other: true })
      const values = isJoined ? [names.join(',')] : names
      const encoded = values.map((include) => new URLSearchParams({ include }).toString())
      const query = encoded.length === 0 ? 'include' : encoded.join('&')
      const answer = await createHandler(store)(
        new Request(`http://host/v1/account/a/n/properties?${query}`, { headers }),
      )
      const { other: _, ...rest } = { other: true, ...properties }
      expect(await answer.json()).toEqual(names.includes('other') ? properties : rest)
    }),
  )
})

test('random targets never cause a 5xx', async () => {
  const handle = createHandler(memoryStore())
  const part = fc.constantFrom(
    'v1',
    'account',
    'brand',
    'properties',
    '',
    '.',
    '..',
    '%',
    '%ff',
    '%2f',
    'é',
    '#',
    '?',
  )
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(part).map((parts) => `/v1/account/a/${parts.join('/')}`),
    fc.array(part).map((parts) => `/${parts.join('/')}`),
  )
  await fc.assert(
    fc.asyncProperty(target, fc.constantFrom('GET', 'PATCH', 'POST', 'DELETE'), async (target, method) => {
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{"name":"n"}' }
      const answer = await handle(new Request('http://host/', { method, headers, ...body }), target)
      expect([200, 204, 400, 404, 405]).toContain(answer.status)
      if (answer.status >= 400) expect(await answer.json()).toEqual({ message: expect.any(String) })
    }),
  )
})

test.each([
  ['http://elsewhere:80/v1/account/a', 200],
  ['HTTPS://elsewhere/v1/brand/a/', 200],
  ['/v1/account/a?', 200],
  ['/%761/%61ccount/a', 200],
  ['/v1/account/a//', 404],
  ['//v1/account/a', 404],
  ['/v1//account/a', 404],
  ['/v1/account/', 404],
  ['/v1/account//', 404],
  ['/v2/account/a', 404],
  ['/v1/accounts/a', 404],
  ['v1/account/a', 404],
  ['*', 404],
  ['', 404],
  ['http://elsewhere', 404],
  ['/v1/account/a#b', 400],
  ['/v1/account/a%', 400],
  ['/v1/account/%ff', 400],
  ['/v1/account/\xff', 400],
  ['/v1/account/a b', 400],
  ['/v1/account/\ud800', 400],
  ['/v1/account/%ed%a0%80', 400],
  [`/v1/account/${'a'.repeat(513)}`, 400],
  ['/v1/account/a?x=%', 400],
  ['/v1/account/a?%ff', 400],
])('the raw target %j is a %i', async (target, status) => {
  const answer = await createHandler(memoryStore())(new Request('http://host/', { headers }), target)
  expect(answer.status).toBe(status)
})

test('without a raw target, `Request` has resolved dots, and another session is read', async () => {
  const store = memoryStore()
  await store.session({ account: 'a', namespace: 'n', session: '..' }).patch({ hidden: 1 })
  await store.session({ account: 'a', namespace: 'n' }).patch({ shown: 1 })
  const handle = createHandler(store)
  const request = () => new Request('http://host/v1/account/a/n/x/%2e%2e/properties#top', { headers })
  expect(await (await handle(request())).json()).toEqual({ shown: 1 })
  expect(await (await handle(request(), '/v1/account/a/n/%2e%2e/properties')).json()).toEqual({ hidden: 1 })
})
