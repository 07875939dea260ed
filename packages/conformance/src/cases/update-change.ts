import type { Patch, Session } from '@context-store/core'
import { holds, nameOf, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { show } from '../difference.ts'

const row = 'update'
const needs = ['conditions'] as const

/** The part of Node's `process` used here; other hosts report unhandled rejections themselves. */
interface Rejections {
  on(event: 'unhandledRejection', listener: (reason: unknown) => void): unknown
  off(event: 'unhandledRejection', listener: (reason: unknown) => void): unknown
}

declare function setTimeout(callback: () => void, milliseconds: number): unknown

/** Fails if a rejection is left unhandled meanwhile. */
async function handlesEveryRejection(run: () => Promise<void>): Promise<void> {
  const { process } = globalThis as { readonly process?: Partial<Rejections> }
  const unhandled: unknown[] = []
  const listener = (reason: unknown): void => void unhandled.push(reason)
  process?.on?.('unhandledRejection', listener)
  try {
    await run()
    // A rejection is reported as unhandled after the microtasks have run.
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setTimeout(resolve, 0))
  } finally {
    process?.off?.('unhandledRejection', listener)
  }
  const [reason] = unhandled
  holds(unhandled.length === 0, `a rejection is left without a handler: ${nameOf(reason)}`)
}

/** Calls `update` with a `change` that only an untyped program can pass. */
function updateWith(session: Session, change: unknown, ...options: readonly unknown[]): Promise<unknown> {
  return Reflect.apply(session.update, session, [['a'], change, ...options])
}

/** The cases of the row "update" about the function `change`. */
export const updateChangeCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'with a `change` that returns a promise is refused as not synchronous, and nothing is written',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1 })
      const changes: readonly (readonly [what: string, change: () => unknown])[] = [
        ['an asynchronous function', async () => ({ a: 2 })],
        ['an asynchronous function that returns nothing', async () => undefined],
        ['an asynchronous function that throws', () => Promise.reject(new Error('of change'))],
        ['a function that returns a promise', () => Promise.resolve({ a: 2 })],
        ['a function that returns a thenable', () => ({ then: (resolve: () => void) => resolve() })],
      ]
      await handlesEveryRejection(async () => {
        for (const [what, change] of changes) {
          const error = await refuses(
            () => updateWith(session, change),
            'invalid-option',
            `update() with ${what}`,
          )
          holds(
            error.message.includes('synchronous'),
            `the message does not say "synchronous": ${error.message}`,
          )
          same(error.outcome, 'not-applied', 'outcome')
          same(await session.getAll(), { a: 1 }, `getAll() after update() with ${what}`)
        }
      })
      same(await session.update(['a'], () => ({ a: 2 })), { a: 2 }, 'a later update()')
    },
  },
  {
    row,
    name: 'without a function is refused, with a message that says what `change` must be',
    needs,
    run: async ({ open }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      for (const change of [undefined, null, { a: 2 }, 'change', 1, Promise.resolve({ a: 2 })]) {
        const what = `update() with ${show(change)} for change`
        const error = await refuses(() => updateWith(session, change), 'invalid-option', what)
        holds(
          error.message.includes('change') && error.message.includes('synchronous'),
          `the message of ${what} does not say what change must be: ${error.message}`,
        )
      }
      same(await session.getAll(), {}, 'getAll()')
      same(await namespace.info(), undefined, 'namespace.info()')
    },
  },
  {
    row,
    name: 'with a `change` that does not return a patch is refused, and nothing is written',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      await session.patch({ a: 1 })
      for (const returned of [null, 1, 'a', true, [1], new Map([['a', 2]])]) {
        const what = `update() with a change that returns ${show(returned)}`
        await refuses(() => updateWith(session, () => returned), 'invalid-value', what)
      }
      same(await session.getAll(), { a: 1 }, 'getAll()')
    },
  },
  {
    row,
    name: 'with a `change` that calls its own store is refused, and the store still works',
    needs,
    run: async ({ open }) => {
      const store = await open()
      const session = store.session({ account: 'a', namespace: 'n', session: 's' })
      const other = store.session({ account: 'a', namespace: 'n', session: 'other' })
      await session.patch({ a: 1 })
      const made: Promise<PromiseSettledResult<unknown>[]>[] = []
      const calls: readonly (() => Promise<unknown>)[] = [
        () => session.get('a'),
        () => session.patch({ a: 3 }),
        () => other.patch({ a: 3 }),
        () => session.update(['a'], () => ({ a: 3 })),
        () => store.account('a').namespace('n').delete(),
        () => store.ready(),
        () => store.close(),
      ]
      const change = (): Patch => {
        made.push(
          Promise.allSettled(calls.map((call) => refuses(call, 'unsupported', 'a call within change'))),
        )
        return { a: 2 }
      }
      same(await session.update(['a'], change), { a: 2 }, 'update()')
      holds(made.length > 0, 'change was not called')
      for (const answer of (await Promise.all(made)).flat())
        if (answer.status === 'rejected') throw answer.reason
      same(await session.getAll(), { a: 2 }, 'getAll()')
      same(await other.getAll(), {}, 'getAll() of another session')
    },
  },
  {
    row,
    name: 'does not call `change` if its names or options are refused',
    needs,
    run: async ({ openSession }) => {
      const session = await openSession()
      let calls = 0
      const change = (): Patch => ({ a: ++calls })
      const wrongName: readonly string[] = ['\ud800']
      await refuses(() => session.update(wrongName, change), 'invalid-address', 'update() of a wrong name')
      const noArray = (): Promise<unknown> => Reflect.apply(session.update, session, ['a', change])
      await refuses(noArray, 'invalid-address', 'update() of no array')
      for (const ttlSeconds of [-1, 1.5, Number.NaN]) {
        const what = `update() with ttlSeconds ${ttlSeconds}`
        await refuses(() => session.update(['a'], change, { ttlSeconds }), 'invalid-option', what)
      }
      same(calls, 0, 'how often change is called for a wrong name or time to live')
      await refuses(() => updateWith(session, change, { ttl: 1 }), 'invalid-option', 'update() with ttl')
      same(calls, 0, 'how often change is called')
      same(await session.getAll(), {}, 'getAll()')
    },
  },
]
