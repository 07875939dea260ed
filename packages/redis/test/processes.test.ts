import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type HistoryEntry, isLinearizable, type SequentialModel } from '@context-store/conformance'
import { absent, type JsonValue } from '@context-store/core'
import { redisStore } from '@context-store/redis'
import { createCluster } from '@keyv/redis'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { freshPrefix } from './key-space.ts'

const names = ['a', 'b', 'c', 'd']
const address = { account: '1', namespace: 'orders', session: 'shared' }
const script = fileURLToPath(new URL('fixtures/patch-side-by-side.mjs', import.meta.url))

async function patchFromFourProcesses(connection: object): Promise<void> {
  const ends = names.map((name) =>
    once(spawn(process.execPath, [script, JSON.stringify(connection), name], { stdio: 'inherit' }), 'exit'),
  )
  expect(await Promise.all(ends)).toEqual(names.map(() => [0, null]))
}

const written = Object.fromEntries([
  ...names.flatMap((name) => Array.from({ length: 16 }, (_, index) => [`${name}-${index}`, index])),
  ['turns', 4 * 25],
])

test('four processes that patch one session of one node lose nothing of each other', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const connection = { url: server.url, keyPrefix: freshPrefix() }
  await patchFromFourProcesses(connection)
  const store = redisStore(connection)
  expect(await store.session(address).getAll()).toEqual(written)
  await store.close()
})

test('four processes that patch one session of a Cluster lose nothing of each other', async () => {
  const cluster = await startCluster()
  onTestFinished(() => cluster.stop())
  const keyPrefix = freshPrefix()
  await patchFromFourProcesses({ rootNodes: cluster.rootNodes, keyPrefix })
  const client = createCluster({ rootNodes: cluster.rootNodes })
  await client.connect()
  const store = redisStore({ client, keyPrefix })
  expect(await store.session(address).getAll()).toEqual(written)
  await store.close()
  await client.close()
})

type Call =
  | { readonly does: 'get' | 'clear' | 'delete' }
  | { readonly does: 'patch'; readonly value: number }
  | { readonly does: 'patchIf'; readonly value: number; readonly expected: number | undefined }

const model: SequentialModel<JsonValue | undefined, Call, JsonValue | undefined> = {
  initial: undefined,
  step: (state, call) => {
    if (call.does === 'get') return { state, answer: state }
    if (call.does === 'patch') return { state: call.value, answer: undefined }
    if (call.does !== 'patchIf') return { state: undefined, answer: undefined }
    return state === call.expected ? { state: call.value, answer: true } : { state, answer: false }
  },
  accepts: (given, expected) => given === expected,
  keyOf: (state) => `${state}`,
}

const value = fc.integer({ min: 0, max: 3 })
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ does: fc.constantFrom('get', 'get', 'clear', 'delete') }),
  fc.record({ does: fc.constant('patch'), value }),
  fc.record({ does: fc.constant('patchIf'), value, expected: fc.option(value, { nil: undefined }) }),
)

test('what four stores do to one session at once has an order that explains every answer', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const keyPrefix = freshPrefix()
  const stores = names.map(() => redisStore({ url: server.url, keyPrefix }))
  let sessions = 0
  const programs = fc.array(fc.array(call, { minLength: 4, maxLength: 8 }), { minLength: 4, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(programs, async (calls) => {
      const id = `${sessions++}`
      const history: HistoryEntry<Call, JsonValue | undefined>[] = []
      let instant = 0
      const run = async (program: readonly Call[], index: number): Promise<void> => {
        const session = stores[index]?.session({ ...address, session: id })
        for (const made of program) {
          const calledAt = instant++
          let answer: JsonValue | undefined
          if (made.does === 'get') answer = await session?.get('p')
          else if (made.does === 'clear') await session?.clear()
          else if (made.does === 'delete') await session?.delete('p')
          else if (made.does === 'patch') await session?.patch({ p: made.value })
          else if (made.does === 'patchIf')
            answer = (await session?.patchIf({ p: made.expected ?? absent }, { p: made.value }))?.ok
          history.push({ call: made, answer, calledAt, answeredAt: instant++ })
        }
      }
      await Promise.all(calls.map(run))
      expect(isLinearizable(history, model)).toBe(true)
    }),
    { numRuns: 100 },
  )
  await Promise.all(stores.map((store) => store.close()))
})
