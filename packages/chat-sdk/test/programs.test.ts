import { chatSdkState } from '@context-store/chat-sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'
import { entryOf } from './entries.ts'

const key = fc.constantFrom('a', 'b')
const ttlMs = fc.constantFrom(undefined, 400, 1500, 3000, 86_400_000)
const chars = fc.constantFrom(1, 1, 1, 30_000, 110_000)
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      key,
      times: fc.constantFrom(1, 2, 3, 63, 64, 65, 130),
      maxLength: fc.constantFrom(0, 0, 1, 2, 63, 64, 65, 100, 200),
      ttlMs,
      chars,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('enqueue' as const),
      key,
      times: fc.constantFrom(1, 2, 65, 130),
      maxSize: fc.constantFrom(1, 10, 64, 100, 1000),
      chars,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('dequeue' as const), key, times: fc.constantFrom(1, 2, 64, 150) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 399, 1000, 1500, 90_000, 8e6),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** The expected behaviour, with plain arrays. */
class Model {
  readonly #lists = new Map<string, { items: unknown[]; ends: number }>()
  readonly #queues = new Map<string, unknown[]>()

  list(name: string, now: number): unknown[] {
    const list = this.#lists.get(name)
    return list !== undefined && list.ends > now ? list.items : []
  }

  append(name: string, item: unknown, maxLength: number, ends: number, now: number): void {
    const items = [...this.list(name, now), item]
    this.#lists.set(name, { items: maxLength > 0 ? items.slice(-maxLength) : items, ends })
  }

  queue(name: string): unknown[] {
    return this.#queues.get(name) ?? []
  }

  setQueue(name: string, entries: unknown[]): void {
    this.#queues.set(name, entries)
  }
}

onEachStore((open) => {
  async function run(program: readonly Step[]): Promise<void> {
    const clock = { ms: 1_000_000 }
    const now = () => clock.ms
    const store = open({ now })
    const state = chatSdkState(store.account('bot'), { now })
    await state.connect()
    const model = new Model()
    const last = clock.ms + 1e12 // no entry expires meanwhile
    let made = 0
    for (const each of program) {
      if (each.do === 'wait') clock.ms += each.ms
      else {
        for (let n = 0; n < each.times; n++) {
          if (each.do === 'append') {
            const item = { n: made++, text: 'x'.repeat(each.chars) }
            const ends = each.ttlMs === undefined ? Number.POSITIVE_INFINITY : clock.ms + each.ttlMs
            model.append(each.key, item, each.maxLength, ends, clock.ms)
            const { maxLength } = each
            await state.appendToList(each.key, item, {
              maxLength,
              ...(each.ttlMs !== undefined && { ttlMs: each.ttlMs }),
            })
          } else if (each.do === 'enqueue') {
            const entry = entryOf(`${made++}${'x'.repeat(each.chars)}`, last)
            model.setQueue(each.key, [...model.queue(each.key), entry].slice(-each.maxSize))
            expect(await state.enqueue(each.key, entry, each.maxSize)).toBe(model.queue(each.key).length)
          } else {
            const [first = null, ...rest] = model.queue(each.key)
            model.setQueue(each.key, rest)
            expect(await state.dequeue(each.key)).toEqual(first)
          }
        }
      }
      for (const name of ['a', 'b']) {
        expect(await state.getList(name)).toEqual(model.list(name, clock.ms))
        expect(await state.queueDepth(name)).toBe(model.queue(name).length)
      }
    }
  }

  test('lists and queues give the same results as plain arrays for random programs', async () => {
    const program = fc.array(step, { maxLength: 12, size: 'max' })
    await fc.assert(fc.asyncProperty(program, run), { numRuns: 10 })
  }, 120_000)
})
