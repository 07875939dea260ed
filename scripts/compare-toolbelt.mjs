// The vendor's published client and ours, each against a double of its own: every method × outcome must give the same
// result or the same code. By hand, since the vendor's package brings 250 MB: `npm run compare:toolbelt`.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { interceptContextService } from '@context-store/rest/testing'
import { contextServiceClient } from '@context-store/rest/toolbelt'

const peers = process.env.TOOLBELT_PEERS ?? fileURLToPath(new URL('../packages/rest/peers', import.meta.url))
if (process.env.TOOLBELT_PEERS === undefined) {
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: peers, stdio: 'inherit' })
}
process.env.CONTEXT_SERVICE_ENVIRONMENT = 'z1'
const required = createRequire(`${peers}/package.json`)
const { Toolbelt } = required('liveperson-functions-cli/lib/shared/lp-faas-toolbelt')

const account = { accountId: '577089', apiKey: 'k' }
const open = {
  vendor: (config) => Toolbelt.ContextServiceClient(config),
  own: (config) => contextServiceClient('https://z1.context.liveperson.net', config),
}

const ids = [undefined, null, '', 's', 'none', 'two words', 'é', 5]
const namespaces = [undefined, null, '', 'n', 'none', 'faas', 'sde', 'n-n']
/** Each method with the arguments that it is called with. */
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
/** What the service does, and to which calls; the failures to one of each method. */
const outcomes = {
  'as usual': { prepare: () => undefined, config: account, all: true },
  'a wrong key': { prepare: () => undefined, config: { ...account, apiKey: 'wrong' } },
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 413, 415, 429, 500, 501, 502, 503].map((status) => [
      `status ${status}`,
      { prepare: (service) => service.fault({ status }), config: account },
    ]),
  ),
  // The vendor's client waits 2 s and then 4 s before it sends a request again.
  ...Object.fromEntries(
    [1, 3].map((times) => [
      `${times} broken connections`,
      {
        prepare: (service) => service.fault({ reset: true, times }),
        config: account,
        only: 'setPropertiesInNamespace',
      },
    ]),
  ),
}

/** The result of a call, and what it leaves in the service. */
async function outcomeOf(client, { prepare, config }, method, args) {
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
  const service = interceptContextService({
    profile: 'service',
    keys: { 577089: 'k' },
    state: { 577089: { n: sessions } },
  })
  prepare(service)
  try {
    const result = await open[client](config)
      [method](...args)
      .then(
        (value) => ({ value }),
        ({ code, statusCode }) => ({ code, statusCode }),
      )
    const text = (key, value) => (key === 'createdAt' ? 'an instant' : value)
    return JSON.stringify({ ...result, state: service.snapshot() }, text)
  } finally {
    await service.close()
  }
}

let compared = 0
const differences = []
const shown = (value) =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)) ?? 'undefined'
for (const [name, outcome] of Object.entries(outcomes)) {
  for (const [method, lists] of Object.entries(calls)) {
    if (outcome.only !== undefined && outcome.only !== method) continue
    const usual = method === 'createNamespace' || method === 'deleteNamespace' ? ['m'] : ['n', { a: 1 }, 's']
    for (const args of outcome.all
      ? lists
      : [method.startsWith('getSelected') ? ['n', ['text'], 's'] : usual]) {
      const [vendor, own] = [
        await outcomeOf('vendor', outcome, method, args),
        await outcomeOf('own', outcome, method, args),
      ]
      compared += 1
      if (vendor !== own)
        differences.push(`${name}: ${method}(${args.map(shown)})\n  vendor ${vendor}\n  own    ${own}`)
    }
  }
}
for (const difference of differences) console.log(difference)
console.log(`${compared} calls compared, ${differences.length} differences`)
process.exitCode = differences.length === 0 ? 0 : 1
