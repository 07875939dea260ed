import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { type ContextServiceDouble, interceptContextService } from '@context-store/rest/testing'
import { contextServiceClient } from '@context-store/rest/toolbelt'
import { beforeAll, expect, test, vi } from 'vitest'

// Compares the vendor's published client with ours, each with its own double: every method and outcome must give the same
// result or error code, and leave the same state in the service.

interface Account {
  readonly accountId: string
  readonly apiKey: string
}
type Client = Record<string, (...args: unknown[]) => Promise<unknown>>
type Method = keyof typeof calls

interface Outcome {
  /** Prepares the service for the outcome. */
  readonly prepare: (service: ContextServiceDouble) => void
  readonly config: Account
  /** The only method to test; `undefined` for all. */
  readonly only?: Method
}

// The vendor's package needs 250 MB, so it has its own lockfile.
const cwd = fileURLToPath(new URL('vendor-client', import.meta.url))
const account: Account = { accountId: '577089', apiKey: 'k' }
const open = {
  vendor: (config: Account): Client => {
    const { Toolbelt } = createRequire(`${cwd}/`)('liveperson-functions-cli/lib/shared/lp-faas-toolbelt')
    return Toolbelt.ContextServiceClient(config)
  },
  own: (config: Account): Client =>
    contextServiceClient('https://z1.context.liveperson.net', config) as unknown as Client,
}

beforeAll(() => {
  vi.stubEnv('CONTEXT_SERVICE_ENVIRONMENT', 'z1')
  if (existsSync(`${cwd}/node_modules/liveperson-functions-cli`)) return
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })
})

const ids = [undefined, null, '', 's', 'none', 'two words', 'é', 5]
const namespaces = [undefined, null, '', 'n', 'none', 'faas', 'sde', 'n-n']
/** The arguments for each method. */
const calls = {
  createNamespace: [
    ...namespaces.map((name) => [name]),
    ...[null, {}, ...[null, 0, -1, 1, 1.5, 'x', Number.NaN].map((ttl) => ({ ttl }))].map((options) => [
      'm',
      options,
    ]),
  ],
  deleteNamespace: namespaces.map((name) => [name]),
  getListOfNamespaces: [[]],
  getListOfSessions: namespaces.map((name) => [name]),
  getAllPropertiesInSession: namespaces.flatMap((name) => ids.map((id) => [name, id])),
  getPropertyInSession: ['n', 'none'].flatMap((name) =>
    ['text', 'digits', 'list', 'nothing', 'zz', undefined, null, 7].flatMap((property) =>
      ids.map((id) => [name, property, id]),
    ),
  ),
  getSelectedPropertiesInSession: [['text', 'zz', 'list'], [], undefined, 5].flatMap((names) =>
    ids.map((id) => ['n', names, id]),
  ),
  setPropertiesInNamespace: [{ a: 1 }, {}, undefined, null, [1], { a: 1n }].flatMap((properties) => [
    ...ids.map((id) => ['n', properties, id]),
    ['new', properties],
    ['faas', properties],
  ]),
  updatePropertiesInNamespace: ids.map((id) => ['n', { text: 'new' }, id]),
  deletePropertyInSession: ids.flatMap((id) => [
    ['n', 'text', id],
    ['none', 'zz', id],
  ]),
  deleteSession: namespaces.flatMap((name) => ids.map((id) => [name, id])),
}
/** The failures of the service. */
const failures: Record<string, Outcome> = {
  'a wrong key': { prepare: () => undefined, config: { ...account, apiKey: 'wrong' } },
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 413, 415, 429, 500, 501, 502, 503].map((status) => [
      `status ${status}`,
      { prepare: (service) => service.fault({ status }), config: account } satisfies Outcome,
    ]),
  ),
  // Only one method: the vendor's client waits 2 s and then 4 s before its retries.
  ...Object.fromEntries(
    [1, 3].map((times) => [
      `${times} broken connections`,
      {
        prepare: (service) => service.fault({ reset: true, times }),
        config: account,
        only: 'setPropertiesInNamespace',
      } satisfies Outcome,
    ]),
  ),
}

test.each(Object.keys(calls) as Method[])('%s has the results of the vendor’s client', async (method) => {
  const asUsual: Outcome = { prepare: () => undefined, config: account }
  for (const args of calls[method]) {
    const vendor = await resultOf('vendor', asUsual, method, args)
    expect(await resultOf('own', asUsual, method, args), inspect(args)).toBe(vendor)
  }
})

test.each(Object.entries(failures))(
  '%s has the same effect as for the vendor’s client',
  async (_, outcome) => {
    for (const method of outcome.only === undefined ? (Object.keys(calls) as Method[]) : [outcome.only]) {
      const args = usualArgs(method)
      const vendor = await resultOf('vendor', outcome, method, args)
      expect(await resultOf('own', outcome, method, args), method).toBe(vendor)
    }
  },
)

function usualArgs(method: Method): readonly unknown[] {
  if (method === 'createNamespace' || method === 'deleteNamespace') return ['m']
  return method === 'getSelectedPropertiesInSession' ? ['n', ['text'], 's'] : ['n', { a: 1 }, 's']
}

/** The result of a call, and the state of the service after it. */
async function resultOf(
  client: keyof typeof open,
  { prepare, config }: Outcome,
  method: Method,
  args: readonly unknown[],
): Promise<string> {
  const properties = {
    text: 'two words',
    digits: '1000',
    list: ['a'],
    nothing: null,
    undefined: 1,
    null: 2,
    7: 3,
  }
  const sessions = { __default__: properties, s: properties, undefined: { u: 1 }, null: { v: 1 } }
  await using service = interceptContextService({
    profile: 'service',
    keys: { 577089: 'k' },
    state: { 577089: { n: sessions } },
  })
  prepare(service)
  const result = await open[client](config)
    [method]?.(...args)
    .then(
      (value) => ({ value }),
      ({ code, statusCode }) => ({ code, statusCode }),
    )
  const withoutInstant = (key: string, value: unknown): unknown =>
    key === 'createdAt' ? 'an instant' : value
  return JSON.stringify({ ...result, state: service.snapshot() }, withoutInstant)
}
