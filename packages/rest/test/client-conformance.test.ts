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

// The doubles follow a fake `Date`. Other timers are not faked, so that sockets work.
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
    create: async (options) => {
      const double = await startContextService({ profile })
      doubles.push(double)
      return restStore({ ...options, baseUrl: double.url, apiKey: 'any' })
    },
  })
}
