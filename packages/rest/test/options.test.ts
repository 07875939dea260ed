import { memoryStore } from '@context-store/memory'
import { createHandler, createKeys } from '@context-store/rest'
import { botContext } from '@context-store/rest/bot-context'
import { restStore } from '@context-store/rest/client'
import { serve } from '@context-store/rest/node'
import { interceptContextService, startContextService } from '@context-store/rest/testing'
import { contextServiceClient } from '@context-store/rest/toolbelt'
import { describe, expect, onTestFinished, test } from 'vitest'

/** A factory that takes any arguments, as in JavaScript. */
type Call = (...args: unknown[]) => unknown

const store = memoryStore()
const scope = { account: 'a', user: 'u', conversation: 'c' }
const rest = { baseUrl: 'http://127.0.0.1:9', apiKey: 'key' }
const openHandler = createHandler as Call
const openServer = serve as Call
const openKeys = createKeys as Call
const startDouble = startContextService as Call
const intercept = interceptContextService as Call
const openClient = contextServiceClient as Call
const openContext = botContext as Call
const openRest = restStore as Call

/** The error that a factory throws or rejects with. If it succeeds, closes what it opened. */
async function errorOf(call: Call, args: readonly unknown[]): Promise<unknown> {
  try {
    const opened = (await call(...args)) as { close?: () => Promise<void> } | undefined
    await opened?.close?.()
    return undefined
  } catch (error) {
    return error
  }
}

describe('options', () => {
  test.each<[name: string, call: Call, args: unknown[], message: string]>([
    ['createHandler without a store', openHandler, [], 'createHandler: the store must be'],
    [
      'createHandler with options instead of a store',
      openHandler,
      [{ keys: 'k' }],
      'createHandler: the store',
    ],
    ['createHandler with a misspelt option', openHandler, [store, { key: 'k' }], 'there is no option "key"'],
    ['createHandler with null', openHandler, [store, null], 'createHandler: the options must be an object'],
    ['serve without options', openServer, [], 'serve: the store must be'],
    ['serve without a store', openServer, [{ port: 0 }], 'serve: the store must be'],
    ['serve with a misspelt option', openServer, [{ store, key: 'k' }], 'serve: there is no option "key"'],
    ['serve with null', openServer, [null], 'serve: the options must be an object'],
    ['serve(store)', openServer, [store], 'serve({ store })'],
    ['createKeys with null', openKeys, [null], 'keys: must be'],
    ['createKeys with an array', openKeys, [['secret']], 'keys: must be'],
    ['createKeys with a Map', openKeys, [new Map([['a', 'secret']])], 'keys: must be'],
    ['createKeys with a key that is not a string', openKeys, [{ a: 1 }], 'keys: a key must be'],
    ['startContextService with a misspelt option', startDouble, [{ sate: {} }], 'there is no option "sate"'],
    ['startContextService with null', startDouble, [null], 'startContextService: the options must be'],
    [
      'interceptContextService with a misspelt option',
      intercept,
      [{ host: ['a'] }],
      'there is no option "host"',
    ],
    ['interceptContextService with null', intercept, [null], 'interceptContextService: the options must be'],
    ['interceptContextService without hosts', intercept, [{ hosts: [] }], 'hosts: must be an array'],
    [
      'interceptContextService with hosts that are null',
      intercept,
      [{ hosts: null }],
      'hosts: must be an array',
    ],
    [
      'interceptContextService with a URL',
      intercept,
      [{ hosts: ['https://api.example'] }],
      'give the host alone',
    ],
    [
      'interceptContextService with a path',
      intercept,
      [{ hosts: ['api.example/v1'] }],
      'give the host alone',
    ],
    ['interceptContextService with a query', intercept, [{ hosts: ['api.example?a'] }], 'is not a host name'],
    [
      'interceptContextService with credentials',
      intercept,
      [{ hosts: ['a@api.example'] }],
      'is not a host name',
    ],
    ['interceptContextService with an empty host', intercept, [{ hosts: [''] }], 'is not a host name'],
    ['interceptContextService with a number', intercept, [{ hosts: [1] }], 'must be a string'],
    ['contextServiceClient without options', openClient, [store], 'accountId: must be'],
    [
      'contextServiceClient with null',
      openClient,
      [store, null],
      'contextServiceClient: the options must be',
    ],
    [
      'contextServiceClient with a misspelt option',
      openClient,
      [store, { accountId: 'a', apikey: 'k' }],
      'there is no option "apikey"',
    ],
    [
      'contextServiceClient without a store',
      openClient,
      [undefined, { accountId: 'a' }],
      'contextServiceClient: the store must be',
    ],
    ['botContext without a store', openContext, [undefined, scope], 'must have a synchronous side'],
    [
      'botContext with a store without a synchronous side',
      openContext,
      [restStore(rest), scope],
      'synchronous side',
    ],
    ['botContext without a scope', openContext, [store], 'user and conversation: must be'],
    ['botContext with null', openContext, [store, null], 'botContext: the options must be an object'],
    [
      'botContext without a user',
      openContext,
      [store, { ...scope, user: undefined }],
      'user and conversation',
    ],
    [
      'botContext with a misspelt member',
      openContext,
      [store, { ...scope, usr: 'u' }],
      'there is no option "usr"',
    ],
    ['restStore without options', openRest, [], 'baseUrl: must be'],
    ['restStore with null', openRest, [null], 'restStore: the options must be an object'],
    ['restStore with a misspelt option', openRest, [{ ...rest, timeout: 1 }], 'there is no option "timeout"'],
    ['restStore with invalid namespaces', openRest, [{ ...rest, namespaces: 'none' }], 'namespaces: must be'],
  ])('%s is refused', async (_, call, args, message) => {
    expect(await errorOf(call, args)).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(message),
    })
  })

  test('an option that is undefined counts as omitted', async () => {
    const undefinedOptions = (names: string): object =>
      Object.fromEntries(names.split(' ').map((name) => [name, undefined]))
    const ofHandler = undefinedOptions(
      'profile bareValues bareStrings reservedNames createOnPatch propertiesField keys cors',
    )
    const ofDouble = { ...ofHandler, ...undefinedOptions('hosts state seed') }
    for (const [call, args] of [
      [openHandler, [store, ofHandler]],
      [openServer, [{ ...ofHandler, ...undefinedOptions('port host requestTimeoutMs onRequest'), store }]],
      [openKeys, [undefined]],
      [startDouble, [ofDouble]],
      [intercept, [ofDouble]],
      [openClient, [store, { accountId: 'a', apiKey: undefined }]],
      [openRest, [{ ...rest, ...undefinedOptions('timeoutMs retries fetch namespaces limits now') }]],
    ] as const) {
      expect(await errorOf(call, args)).toBeUndefined()
    }
  })

  test.each([
    ['now', () => 0],
    ['limits', {}],
    ['namespaces', 'explicit'],
  ])('restStore with %s is unsupported: the service decides it', async (option, value) => {
    expect(await errorOf(openRest, [{ ...rest, [option]: value }])).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(option),
    })
  })
})

describe('a double', () => {
  test.each([undefined, null, '', 1])('regenerateKey(%j) is refused', async (account) => {
    const service = await startContextService()
    onTestFinished(() => service.close())
    expect(() => service.regenerateKey(account as never)).toThrow(
      expect.objectContaining({ code: 'invalid-address' }),
    )
  })

  test.each([
    [null, 'match: must be an object'],
    [{ method: 1 }, 'match.method: must be the name of one method'],
  ])('waitForRequest(%j) is refused', async (match, message) => {
    const service = await startContextService()
    onTestFinished(() => service.close())
    await expect(service.waitForRequest(match as never)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(message),
    })
  })

  test.each([
    [null, 'waitForRequest: the options must be an object'],
    [{ timeout: 1 }, 'waitForRequest: there is no option "timeout"'],
    [{ timeoutMs: -1 }, 'timeoutMs: must be'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs: must be'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs: must be'],
  ])('waitForRequest({}, %j) is refused', async (options, message) => {
    const service = await startContextService()
    onTestFinished(() => service.close())
    await expect(service.waitForRequest({}, options as never)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(message),
    })
  })

  test('a method matches in upper and lower case', async () => {
    const service = await startContextService()
    onTestFinished(() => service.close())
    service.fault({ status: 503, match: { method: 'patch' } })
    const headers = { 'maven-api-key': 'k', 'content-type': 'application/json' }
    const patch = { method: 'PATCH', headers, body: '{"a":1}' }
    expect((await fetch(`${service.url}/v1/account/a/n/properties`, patch)).status).toBe(503)
    expect(await service.waitForRequest({ method: 'patch' })).toBe(service.requests[0])
  })

  test.each([
    ['API.example', 'https://api.example'],
    ['api.example:443', 'https://api.example'],
    ['api.example:80', 'http://api.example'],
    ['api.example:8080', 'http://api.example:8080'],
    ['api.example', 'http://api.example:8080'],
    ['bücher.example', 'https://xn--bcher-kva.example'],
  ])('the host %s answers %s', async (host, url) => {
    const service = interceptContextService({ hosts: [host] })
    onTestFinished(() => service.close())
    const response = await fetch(`${url}/v1/account/a`, { headers: { 'maven-api-key': 'k' } })
    expect(response.status).toBe(200)
  })
})
