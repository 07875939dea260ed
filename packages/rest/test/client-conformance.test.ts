import { testContextStore } from '@context-store/conformance'
import type { Profile } from '@context-store/rest'
import { restStore } from '@context-store/rest/client'
import { type ContextServiceDouble, startContextService } from '@context-store/rest/testing'
import { afterAll, afterEach, beforeAll, test, vi } from 'vitest'

let doubles: ContextServiceDouble[] = []
afterEach(async () => {
  await Promise.all(doubles.map((double) => double.close()))
  doubles = []
})

// The doubles follow faked timers; only Date is faked, so that sockets work.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})
const clock = {
  now: () => Date.now(),
  set: (time: number) => {
    vi.setSystemTime(time)
  },
}

for (const profile of ['2019', 'service'] satisfies Profile[]) {
  testContextStore({
    test: (name, run) => test(name, { timeout: 60_000 }, run),
    name: `REST, profile ${profile}`,
    clock,
    runs: 20,
    cannot: {
      accounts: 'the contract lists no accounts',
      conditions: 'the contract has none',
      'dot-names': 'no URL can say them',
      'explicit-namespaces': "it is the service's to decide",
      limits: "they are the service's",
      removals: 'a PATCH of the contract writes only',
      'session-info': 'the contract does not tell when a session was created',
      'session-listing': 'the contract lists ids alone',
      sync: 'a network answers later',
    },
    create: async (options) => {
      const double = await startContextService({ profile })
      doubles.push(double)
      return restStore({ ...options, baseUrl: double.url, apiKey: 'any' })
    },
  })
}
