import { memoryStore } from '@context-store/memory'
import { createHandler } from '@context-store/rest'
import document from '@context-store/rest/openapi.json' with { type: 'json' }
import { validate } from '@readme/openapi-parser'
import { expect, test } from 'vitest'
import { answerError, requestError } from './description.ts'

test('the description is valid OpenAPI 3.1', async () => {
  expect(await validate(structuredClone(document) as Parameters<typeof validate>[0])).toMatchObject({
    valid: true,
    warnings: [],
  })
})

test('it is served to whoever asks, as it is in the package', async () => {
  const handle = createHandler(memoryStore(), { keys: 'secret', cors: '*' })
  const answer = await handle(new Request('http://host/openapi.json'))
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(await answer.json()).toEqual(document)
  const post = await handle(new Request('http://host/openapi.json', { method: 'POST' }))
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

// The table test holds every answer against the description; this shows that it would be told.
test('an answer that is not as described is found', () => {
  expect(answerError('listNamespaces', 200, [{ name: 'n', createdAt: 'today' }])).toContain('createdAt')
  expect(answerError('listNamespaces', 200, undefined)).toBeDefined()
  expect(answerError('deleteNamespace', 204, {})).toBeDefined()
  expect(answerError('deleteNamespace', 418, undefined)).toBeDefined()
  expect(answerError('readDocument', 404, { error: 'none' })).toContain('message')
  expect(requestError('createDocument', { accountId: 1 })).toContain('nameSpace')
})
