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

test('the description is served without an API key, and is the one in the package', async () => {
  const handle = createHandler(memoryStore(), { keys: 'secret', cors: '*' })
  const answer = await handle(new Request('http://host/openapi.json'))
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect(await answer.json()).toEqual(document)
  const post = await handle(new Request('http://host/openapi.json', { method: 'POST' }))
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

// contract.test.ts compares every answer with the description; this shows that a difference is found.
test('`answerError` finds an answer that differs from the description', () => {
  expect(answerError('listNamespaces', 200, [{ name: 'n', createdAt: 'today' }])).toContain('createdAt')
  expect(answerError('listNamespaces', 200, undefined)).toBeDefined()
  expect(answerError('deleteNamespace', 204, {})).toBeDefined()
  expect(answerError('deleteNamespace', 418, undefined)).toBeDefined()
  expect(answerError('readDocument', 404, { error: 'none' })).toContain('message')
  expect(requestError('createDocument', { accountId: 1 })).toContain('nameSpace')
})
