// Calls a service with restStore, and returns the results as data. The test bundles this and runs it in each runtime.
import { restStore } from '@context-store/rest/client'

/**
 * @param urls - of a double that loses the answer to a PATCH of `lost` and cuts off that to a GET of `half`, of a server
 *   that hangs, of one that redirects to the double, and of a port on which nothing listens
 * @returns the result of each kind of call
 */
export async function callService({ service, hanging, redirecting, refused }) {
  const account = '577089'
  const opened = []
  const open = (baseUrl, options) => {
    const store = restStore({ baseUrl, apiKey: 'secret', retries: 0, ...options })
    opened.push(store)
    return store
  }
  const store = open(service)
  const visit = store.account(account).namespace('shop of é').session('a/b?c#d')
  await visit.patch({ name: 'Zoë 🙂', cart: [{ tea: 1 }], none: null }, { ttlSeconds: 3600 })
  await Promise.all(Array.from({ length: 20 }, (_, i) => visit.patch({ [`n${i}`]: i })))
  const all = await visit.getAll()
  await visit.delete(['none', 'n0'])
  const some = await visit.getMany(['name', 'none', 'n1'])
  const ids = []
  for await (const id of store.sessionIds(account, 'shop of é')) ids.push(id)
  const outcome = async (call) => {
    try {
      return { value: await call() }
    } catch ({ code, outcome }) {
      return { code, outcome }
    }
  }
  const sessionAt = (baseUrl, options, session = 'x') =>
    open(baseUrl, options).session({ account, namespace: 'shop', session })
  const results = {
    properties: Object.keys(all).length,
    some,
    ids,
    lateAnswer: await outcome(() => sessionAt(hanging, { timeoutMs: 100 }).patch({ a: 1 })),
    refusedKey: await outcome(() => sessionAt(service, { apiKey: 'wrong' }).patch({ a: 1 })),
    redirected: await outcome(() => sessionAt(redirecting).getAll()),
    nobodyListens: await outcome(() => sessionAt(refused, { retries: 1 }).patch({ a: 1 })),
    lostAnswer: await outcome(() => sessionAt(service, {}, 'lost').patch({ a: 1 })),
    halfAnswer: await outcome(() => sessionAt(service, {}, 'half').getAll()),
    afterLostAnswer: await outcome(() => sessionAt(service, {}, 'lost').get('a')),
    patchIf: await outcome(() => visit.patchIf({}, { a: 1 })),
  }
  await Promise.all(opened.map((each) => each.close()))
  return results
}
