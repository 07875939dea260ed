import { createRequire } from 'node:module'
import { type ContextStore, InvalidOptionError } from '@context-store/core'
import { memoryStore } from '@context-store/memory'
import { interceptContextService, startContextService } from '@context-store/rest/testing'
import {
  type ContextServiceClient,
  ContextServiceError,
  contextServiceClient,
} from '@context-store/rest/toolbelt'
import { sqliteStore } from '@context-store/sqlite'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

const accountId = '577089'

interface Desk {
  readonly client: ContextServiceClient
  /** Replaces the toolbelt's constructor in code under test. */
  readonly open: (config: { readonly accountId: string; readonly apiKey: string }) => ContextServiceClient
  readonly store: ContextStore
}

const overStore = (open: () => ContextStore) => async (): Promise<Desk> => {
  const store = open()
  onTestFinished(() => store.close())
  return {
    store,
    open: (config) => contextServiceClient(store, config),
    client: contextServiceClient(store, { accountId }),
  }
}

const desks: { readonly [name: string]: () => Promise<Desk> } = {
  'a memory store': overStore(memoryStore),
  'a SQLite store': overStore(() => sqliteStore({ path: ':memory:' })),
  'the port': async () => {
    const service = await startContextService({ profile: 'service', keys: { [accountId]: 'key-1' } })
    onTestFinished(() => service.close())
    const open: Desk['open'] = (config) => contextServiceClient(service.url, config)
    return { store: service.store, open, client: open({ accountId, apiKey: 'key-1' }) }
  },
  'the interceptor': async () => {
    const service = interceptContextService({ profile: 'service', keys: { [accountId]: 'key-1' } })
    onTestFinished(() => service.close())
    const open: Desk['open'] = (config) => contextServiceClient('https://z1.context.liveperson.net', config)
    return { store: service.store, open, client: open({ accountId, apiKey: 'key-1' }) }
  },
}

const fails = (code: string): unknown =>
  expect.toSatisfy(
    (error) =>
      error instanceof ContextServiceError &&
      (error.code === code || error.code === `com.liveperson.context-service-sdk.${code}`) &&
      !('statusCode' in error),
  )

describe.each(Object.entries(desks))('over %s', (_name, open) => {
  test('the methods for namespaces', async () => {
    const { client } = await open()
    const before = Date.now()
    const created = await client.createNamespace('orders', { ttl: 60 })
    expect(created).toEqual({ name: 'orders', createdAt: expect.any(Date), ttlSecond: 60 })
    expect(created.createdAt.getTime()).toBeGreaterThanOrEqual(before - 1)
    expect(await client.createNamespace('plain')).toEqual({ name: 'plain', createdAt: expect.any(Date) })
    expect(await client.createNamespace('orders')).toEqual(created)
    expect((await client.getListOfNamespaces()).map(({ name }) => name).sort()).toEqual(['orders', 'plain'])
    expect(await client.deleteNamespace('orders')).toBeUndefined()
    expect(await client.deleteNamespace('orders')).toBeUndefined()
    expect((await client.getListOfNamespaces()).map(({ name }) => name)).toEqual(['plain'])
    await expect(client.createNamespace('faas')).rejects.toEqual(fails('parameter.invalid'))
    await expect(client.deleteNamespace('faas')).rejects.toEqual(fails('parameter.invalid'))
    await expect(client.createNamespace('sde')).rejects.toEqual(fails('unkown'))
    expect(await client.deleteNamespace('')).toBeUndefined()
    expect(await client.createNamespace('of null', null)).toMatchObject({ name: 'of null' })
    await expect(client.createNamespace('orders', { ttl: 0 })).rejects.toEqual(fails('parameter.invalid'))
    await expect(client.createNamespace('')).rejects.toEqual(fails('parameter.invalid'))
  })

  test('the methods for properties and sessions', async () => {
    const { client, store } = await open()
    expect(await client.setPropertiesInNamespace('orders', { step: 1, cart: ['tea'] }, 'c1')).toEqual({
      step: 1,
      cart: ['tea'],
    })
    expect(await client.updatePropertiesInNamespace('orders', { step: 2 }, 'c1')).toEqual({
      step: 2,
      cart: ['tea'],
    })
    expect(await client.setPropertiesInNamespace('orders', { shop: 'x' })).toEqual({ shop: 'x' })
    expect(await client.getAllPropertiesInSession('orders')).toEqual({ shop: 'x' })
    expect(await client.getPropertyInSession('orders', 'cart', 'c1')).toEqual(['tea'])
    expect(await client.getPropertyInSession('orders', 'shop')).toBe('x')
    expect(await client.getSelectedPropertiesInSession('orders', ['step', 'nothing'], 'c1')).toEqual({
      step: 2,
    })
    expect((await client.getListOfSessions('orders')).sort()).toEqual(['__default__', 'c1'])
    await client.deletePropertyInSession('orders', 'step', 'c1')
    await client.deletePropertyInSession('orders', 'step', 'c1')
    expect(await client.getAllPropertiesInSession('orders', 'c1')).toEqual({ cart: ['tea'] })
    await client.deleteSession('orders', 'c1')
    expect(await client.getListOfSessions('orders')).toEqual(['__default__'])
    expect(await store.session({ account: accountId, namespace: 'orders' }).getAll()).toEqual({ shop: 'x' })
  })

  test('errors have the codes of the vendor’s client, and no status', async () => {
    const { client } = await open()
    const missing = fails('data.does-not-exist')
    await expect(client.getPropertyInSession('orders', 'step', 'c1')).rejects.toEqual(missing)
    await expect(client.getAllPropertiesInSession('orders', 'c1')).rejects.toEqual(missing)
    await expect(client.getListOfSessions('orders')).rejects.toEqual(missing)
    await expect(client.getPropertyInSession('orders', 'step', '')).rejects.toEqual(missing)
    const big = { big: 'x'.repeat(800_000) }
    const tooLarge = client.setPropertiesInNamespace('orders', big, 'c1')
    await expect(tooLarge).rejects.toMatchObject({ message: 'document too large' })
    await expect(tooLarge).rejects.toEqual(fails('unkown'))
    // In a URL path, these names would reach another session.
    for (const id of ['.', '..', '\ud800']) {
      const refused = fails('parameter.invalid')
      await expect(client.setPropertiesInNamespace('orders', { a: 1 }, id)).rejects.toEqual(refused)
      await expect(client.getPropertyInSession('orders', id, 'c1')).rejects.toEqual(refused)
      await expect(client.deleteNamespace(id)).rejects.toEqual(refused)
    }
    await expect(client.deletePropertyInSession('orders', '', 'c1')).rejects.toEqual(
      fails('parameter.invalid'),
    )
    for (const properties of [undefined, null, [1], 'text', { a: 1n }]) {
      const refused = client.setPropertiesInNamespace('orders', properties as never)
      await expect(refused).rejects.toEqual(fails('unkown'))
    }
    for (const names of [undefined, 5]) {
      const refused = client.getSelectedPropertiesInSession('orders', names as never)
      await expect(refused).rejects.toEqual(fails('unkown'))
    }
    expect(await client.getListOfNamespaces()).toEqual([])
  })

  test('`deleteSession` without a session deletes the one called undefined; an unknown session is empty', async () => {
    const { client, store } = await open()
    const orders = store.account(accountId).namespace('orders')
    await orders.session().patch({ a: 1 })
    await orders.session('undefined').patch({ b: 1 })
    await client.deleteSession('orders', undefined as never)
    expect(await client.getListOfSessions('orders')).toEqual(['__default__'])
    expect(await client.getAllPropertiesInSession('orders', 'nobody')).toEqual({})
    expect(await client.setPropertiesInNamespace('orders', {}, 'nobody')).toEqual({})
  })

  test('`getPropertyInSession` parses a string that is JSON, as on the platform', async () => {
    const { client } = await open()
    await client.setPropertiesInNamespace('orders', { digits: '1000', text: 'two words', empty: '' })
    expect(await client.getPropertyInSession('orders', 'digits')).toBe(1000)
    expect(await client.getPropertyInSession('orders', 'text')).toBe('two words')
    expect(await client.getPropertyInSession('orders', 'empty')).toBe('')
  })

  test('a claim, a counter, a handover and a final deletion', async () => {
    const { client, store } = await open()
    const claim = async () => {
      try {
        await client.getPropertyInSession('handled', 'by', 'm1')
        return false
      } catch (error) {
        expect(error).toEqual(fails('data.does-not-exist'))
      }
      await client.setPropertiesInNamespace('handled', { by: 'me' }, 'm1')
      return true
    }
    expect([await claim(), await claim()]).toEqual([true, false])
    for (let turn = 0; turn < 3; turn++) {
      const { turns = 0 } = await client.getSelectedPropertiesInSession('orders', ['turns'], 'c1')
      await client.updatePropertiesInNamespace('orders', { turns: Number(turns) + 1 }, 'c1')
    }
    await client.updatePropertiesInNamespace('orders', { owner: 'billing', cart: [{ tea: 2 }] }, 'c1')
    const orders = store.account(accountId).namespace('orders').session('c1')
    expect(await orders.getAll()).toEqual({ owner: 'billing', turns: 3, cart: [{ tea: 2 }] })
    await client.deleteSession('orders', 'c1')
    expect(await orders.getAll()).toEqual({})
  })

  test('a function of the platform runs unchanged with a spy on its toolbelt', async () => {
    const desk = await open()
    const required = createRequire(import.meta.url)
    const { Toolbelt } = required('./functions/fake-toolbelt.cjs')
    // No arrow function: the platform's code may write `new`.
    vi.spyOn(Toolbelt, 'ContextServiceClient').mockImplementation((config) =>
      desk.open(config as { accountId: string; apiKey: string }),
    )
    onTestFinished(() => void vi.restoreAllMocks())
    const { lambda } = required('./functions/claim-message.cjs')
    const payload = { message: 'm1', conversation: 'c1' }
    expect(await lambda({ payload })).toBe('mine')
    expect(await lambda({ payload })).toBe('somebody has it')
    const orders = desk.store.account(accountId).namespace('orders').session('c1')
    expect(await orders.getAll()).toEqual({ turns: 1 })
  })
})

test('failures of the service have the vendor’s codes, and a request without an answer is retried', async () => {
  const service = await startContextService({ profile: 'service', keys: { [accountId]: 'key-1' } })
  onTestFinished(() => service.close())
  const wrong = contextServiceClient(service.url, { accountId, apiKey: 'wrong' })
  await expect(wrong.getListOfNamespaces()).rejects.toEqual(fails('authorization.invalid'))
  const client = contextServiceClient(service.url, { accountId, apiKey: 'key-1' })
  for (const [status, code] of [
    [500, 'internal-server-error'],
    [503, 'internal-server-error'],
    [401, 'unkown'],
    [429, 'unkown'],
  ] as const) {
    service.fault({ status })
    await expect(client.getListOfNamespaces()).rejects.toEqual(fails(code))
  }
  service.fault({ reset: true, times: 2 })
  expect(await client.getListOfNamespaces()).toEqual([])
  service.fault({ reset: true, times: 3 })
  await expect(client.getListOfNamespaces()).rejects.toEqual(fails('ECONNRESET'))
})

test('with only an API key, the account comes from the environment', async () => {
  const store = memoryStore()
  vi.stubEnv('X_LIVEPERSON_BRAND_ID', accountId)
  onTestFinished(() => void vi.unstubAllEnvs())
  await contextServiceClient(store, 'key-1').createNamespace('orders')
  expect(await store.account(accountId).namespace('orders').info()).toBeDefined()
  vi.stubEnv('X_LIVEPERSON_BRAND_ID', '')
  expect(() => contextServiceClient(store, 'key-1')).toThrow(InvalidOptionError)
})

test('`contextServiceClient` refuses invalid options', () => {
  expect(() => contextServiceClient('http://host', { accountId })).toThrow(InvalidOptionError)
  expect(() => contextServiceClient('host', { accountId, apiKey: 'k' })).toThrow(InvalidOptionError)
  expect(() => contextServiceClient(memoryStore(), { accountId: '' })).toThrow(InvalidOptionError)
})
