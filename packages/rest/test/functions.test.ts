import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { JsonValue, Properties } from '@context-store/core'
import {
  type ContextServiceDouble,
  type DoubleOptions,
  interceptContextService,
  startContextService,
} from '@context-store/rest/testing'
import { ContextServiceError, contextServiceClient } from '@context-store/rest/toolbelt'
import axios from 'axios'
import { expect, onTestFinished, test } from 'vitest'

// Runs functions in the style of the vendor's examples with each client that such a function can use, on a port and with
// the interceptor: the outcome must be the same.

/** The calls of a function. */
interface Calls {
  /** The property; `undefined` if it does not exist. */
  read(namespace: string, session: string, name: string): Promise<JsonValue | undefined>
  write(namespace: string, session: string, properties: Properties): Promise<void>
  end(namespace: string, session: string): Promise<void>
}

/** Of two functions that get a message, only one answers it. */
async function claim(calls: Calls, message: string, by: string): Promise<boolean> {
  if ((await calls.read('handled-messages', message, 'by')) !== undefined) return false
  await calls.write('handled-messages', message, { by })
  return true
}

async function countTurn(calls: Calls, conversation: string): Promise<number> {
  const turns = Number((await calls.read('orders', conversation, 'turns')) ?? 0) + 1
  await calls.write('orders', conversation, { turns })
  return turns
}

/** Hands a conversation over to another bot. */
async function handOver(calls: Calls, conversation: string, to: string): Promise<void> {
  const from = (await calls.read('orders', conversation, 'owner')) ?? null
  if (from !== to) await calls.write('orders', conversation, { owner: to, handover: { from, draft: null } })
}

const accountId = '577089'
const headers = { 'maven-api-key': 'key-1', 'content-type': 'application/json' }
const pathOf = (namespace: string, session: string, name?: string): string =>
  `/v1/account/${accountId}/${namespace}/${encodeURIComponent(session)}/properties${name === undefined ? '' : `/${name}`}`

/** Parses a value as the profile `service` sends it: a string is plain text. */
function jsonOrText(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const clients: { readonly [name: string]: (url: string) => Calls } = {
  axios(url) {
    const client = axios.create({ baseURL: url, headers })
    return {
      async read(...address) {
        try {
          return (await client.get(pathOf(...address))).data
        } catch (error) {
          if (axios.isAxiosError(error) && error.response?.status === 404) return undefined
          throw error
        }
      },
      write: async (namespace, session, properties) => {
        await client.patch(pathOf(namespace, session), properties)
      },
      end: async (namespace, session) => {
        await client.delete(pathOf(namespace, session))
      },
    }
  },
  fetch(url) {
    const send = async (path: string, init: RequestInit): Promise<Response> => {
      const response = await fetch(url + path, { ...init, headers })
      if (!response.ok && response.status !== 404) throw new Error(`${response.status}`)
      return response
    }
    return {
      async read(...address) {
        const response = await send(pathOf(...address), { method: 'GET' })
        return response.ok ? jsonOrText(await response.text()) : undefined
      },
      write: async (namespace, session, properties) => {
        await send(pathOf(namespace, session), { method: 'PATCH', body: JSON.stringify(properties) })
      },
      end: async (namespace, session) => {
        await send(pathOf(namespace, session), { method: 'DELETE' })
      },
    }
  },
  "node's http"(url) {
    const { request, Agent } = url.startsWith('https:') ? https : http
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const send = async (method: string, path: string, body?: string): Promise<string | undefined> => {
      const [response] = await once(request(url + path, { method, headers, agent }).end(body), 'response')
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      if (response.statusCode === 404) return undefined
      if (response.statusCode >= 300) throw new Error(`${response.statusCode} ${text}`)
      return text
    }
    return {
      async read(...address) {
        const text = await send('GET', pathOf(...address))
        return text === undefined ? undefined : jsonOrText(text)
      },
      write: async (namespace, session, properties) => {
        await send('PATCH', pathOf(namespace, session), JSON.stringify(properties))
      },
      end: async (namespace, session) => {
        await send('DELETE', pathOf(namespace, session))
      },
    }
  },
  'the toolbelt'(url) {
    const client = contextServiceClient(url, { accountId, apiKey: 'key-1' })
    return {
      async read(namespace, session, name) {
        try {
          return await client.getPropertyInSession(namespace, name, session)
        } catch (error) {
          if (error instanceof ContextServiceError && error.code.endsWith('.does-not-exist')) return undefined
          throw error
        }
      },
      write: async (namespace, session, properties) => {
        await client.updatePropertiesInNamespace(namespace, properties, session)
      },
      end: (namespace, session) => client.deleteSession(namespace, session),
    }
  },
}

const entrances: { readonly [name: string]: (options: DoubleOptions) => Promise<ContextServiceDouble> } = {
  'the port': startContextService,
  'the interceptor': async (options) => interceptContextService(options),
}

const cases = Object.entries(clients).flatMap(([client, connect]) =>
  Object.entries(entrances).map(([entrance, open]) => [client, entrance, connect, open] as const),
)

test.each(cases)(
  'a claim, a counter, a handover and a deletion with %s and %s',
  async (_c, _e, connect, open) => {
    const kept = { orders: { 'c 0/ü': { step: 1 } } }
    const service = await open({
      profile: 'service',
      keys: { [accountId]: 'key-1' },
      state: { [accountId]: kept },
    })
    onTestFinished(() => service.close())
    const calls = connect(service.url)

    expect(await claim(calls, 'm/1 ü', 'bot-1')).toBe(true)
    expect(await claim(calls, 'm/1 ü', 'bot-2')).toBe(false)
    expect([await countTurn(calls, 'c1'), await countTurn(calls, 'c1')]).toEqual([1, 2])
    await handOver(calls, 'c1', 'concierge')
    await handOver(calls, 'c1', 'billing')
    await handOver(calls, 'c1', 'billing')
    expect(await calls.read('orders', 'c1', 'handover')).toEqual({ from: 'concierge', draft: null })
    const handled = { 'handled-messages': { 'm/1 ü': { by: 'bot-1' } } }
    const c1 = { turns: 2, owner: 'billing', handover: { from: 'concierge', draft: null } }
    expect(service.snapshot()).toEqual({ [accountId]: { ...handled, orders: { ...kept.orders, c1 } } })

    await calls.end('orders', 'c1')
    await calls.end('orders', 'c1')
    expect(await calls.read('orders', 'c1', 'turns')).toBeUndefined()
    expect(service.snapshot()).toEqual({ [accountId]: { ...handled, ...kept } })
  },
)
