// The libraries that may run beside the double. Each has `start` and `end`, the functions whose requests it can answer
// (`sends`), and the `status` with which it answers https://theirs.test/ every time.
import { interceptContextService } from '@context-store/rest/testing'

async function nock(name, sends, { isOffline = false } = {}) {
  const { default: module } = await import(name)
  module.restore()
  return {
    sends,
    status: 203,
    start() {
      module.activate()
      if (isOffline) module.disableNetConnect()
      module('https://theirs.test').persist().get('/').reply(203)
    },
    end() {
      module.cleanAll()
      module.enableNetConnect()
      module.restore()
    },
  }
}

async function msw(onUnhandledRequest) {
  const { http, HttpResponse } = await import('msw')
  const { setupServer } = await import('msw/node')
  let server
  return {
    sends: ['fetch', 'https'],
    status: 203,
    start() {
      server = setupServer(http.get('https://theirs.test/', () => new HttpResponse(null, { status: 203 })))
      server.listen({ onUnhandledRequest })
    },
    end: () => server.close(),
  }
}

/** Replaces Node's classes with those of a window, as test environments do. Answers no requests. */
function environment(open, close) {
  const names = [
    'window',
    'document',
    'location',
    'Headers',
    'Request',
    'Response',
    'AbortController',
    'AbortSignal',
  ]
  let window
  let saved
  return {
    sends: [],
    start() {
      window = open()
      saved = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))
      for (const name of names) {
        if (window[name] === undefined) continue
        Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true })
      }
    },
    async end() {
      for (const [at, name] of names.entries()) {
        if (saved[at] === undefined) delete globalThis[name]
        else Object.defineProperty(globalThis, name, saved[at])
      }
      await close(window)
    },
  }
}

export const neighbours = {
  'MSW 2': () => msw('bypass'),
  'MSW 2, unhandled requests are errors': () => msw('error'),
  'nock 14': () => nock('nock', ['fetch', 'https']),
  'nock 14 without net connect': () => nock('nock', ['fetch', 'https'], { isOffline: true }),
  'nock 13': () => nock('nock13', ['https']),
  'nock 13 without net connect': () => nock('nock13', ['https'], { isOffline: true }),
  async "undici's MockAgent"() {
    const { getGlobalDispatcher, MockAgent, setGlobalDispatcher } = await import('undici')
    const before = getGlobalDispatcher()
    return {
      // In Jest the dispatcher is set in the globals of the test file, where Node's `fetch` does not look for it.
      sends: process.env.JEST_WORKER_ID === undefined ? ['fetch'] : [],
      status: 203,
      start() {
        const agent = new MockAgent()
        agent.disableNetConnect()
        agent.get('https://theirs.test').intercept({ path: '/' }).reply(203, '').persist()
        setGlobalDispatcher(agent)
      },
      end: () => setGlobalDispatcher(before),
    }
  },
  async 'a second double'() {
    let second
    return {
      sends: ['fetch', 'https'],
      status: 503,
      start() {
        second = interceptContextService({ hosts: ['theirs.test'] })
        second.fault({ status: 503, times: 10 })
      },
      end: () => second.close(),
    }
  },
  async 'happy-dom'() {
    const { Window } = await import('happy-dom')
    return environment(
      () => new Window({ url: 'https://page.test/' }),
      (window) => window.happyDOM.close(),
    )
  },
  async jsdom() {
    const { JSDOM } = await import('jsdom')
    return environment(
      () => new JSDOM('', { url: 'https://page.test/' }).window,
      (window) => window.close(),
    )
  },
}
