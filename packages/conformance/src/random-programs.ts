import { absent, type JsonValue, present } from '@context-store/core'
import fc from 'fast-check'
import type { CaseContext } from './conformance-case.ts'
import type { Changes, Expectations, Place } from './model.ts'
import {
  accountsStep,
  clearIfStep,
  clearStep,
  clockStep,
  createStep,
  deleteNamespaceStep,
  deleteStep,
  getStep,
  infoStep,
  namespaceStep,
  patchIfStep,
  patchStep,
  propertiesStep,
  readStep,
  type Step,
  sessionsStep,
  updateStep,
} from './random-steps.ts'

/** Few and hostile names, so that programs return to the same sessions and their neighbours; to the first most often. */
const places = {
  accounts: ['a', 'a:b', '__proto__'],
  namespaces: ['n', 'b:n', 'N', ' n'],
  sessions: ['__default__', 's', 's ', 'constructor', '\u0000:/%'],
}
const propertyNames = ['a', '__proto__', 'A', 'constructor', '10', '9', 'a.b"\\', '\n\u2028']
const ttls = [undefined, undefined, undefined, 0, 60, 100, 3600]

const place: fc.Arbitrary<Place> = fc.record(
  { account: oneOf(places.accounts), namespace: oneOf(places.namespaces), session: oneOf(places.sessions) },
  { noNullPrototype: true },
)
const name = oneOf(propertyNames)
const names = fc.uniqueArray(name, { maxLength: 4 })
const ttl = fc.constantFrom(...ttls)
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<JsonValue>(1, 1, null, { a: 1 }, { b: [null], a: 1 }) },
  { weight: 2, arbitrary: fc.constantFrom<JsonValue>('x', '', 0, false, [], {}, '1') },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }).map(plain) },
)

/** Every namespace that a program may use. */
export const allNamespaces: readonly Omit<Place, 'session'>[] = places.accounts.flatMap((account) =>
  places.namespaces.map((namespace) => ({ account, namespace })),
)

/** Every session that a program may use. */
export const allSessions: readonly Place[] = allNamespaces.flatMap((namespace) =>
  places.sessions.map((session) => ({ ...namespace, session })),
)

/** A random step that the store supports; frequent kinds of calls have more weight. */
export function anyStep(context: CaseContext): fc.Arbitrary<Step> {
  const { can } = context
  const change = can('removals') ? fc.oneof({ weight: 3, arbitrary: value }, fc.constant(absent)) : value
  const changes: fc.Arbitrary<Changes> = pairsOf(change)
  const condition = fc.oneof(value, fc.constant(absent), fc.constant(present))
  const expected: fc.Arbitrary<Expectations> = pairsOf(condition)
  const stated = can('time-to-live') ? ttl : fc.constant(undefined)
  const at = fc.record({ place, fresh: fc.boolean() }, { noNullPrototype: true })

  const steps: fc.WeightedArbitrary<Step>[] = [
    weighted(
      8,
      fc.tuple(at, changes, stated).map(([at, changes, ttlSeconds]) => patchStep(at, changes, ttlSeconds)),
    ),
    weighted(
      3,
      fc.tuple(at, fc.option(names, { nil: undefined })).map(([at, names]) => readStep(at, names)),
    ),
    weighted(
      1,
      fc.tuple(at, name).map(([at, name]) => getStep(at, name)),
    ),
    weighted(
      3,
      fc.tuple(at, names).map(([at, names]) => deleteStep(at, names)),
    ),
    weighted(1, at.map(clearStep)),
    weighted(
      2,
      fc.tuple(place, stated).map(([place, ttlSeconds]) => createStep(place, ttlSeconds)),
    ),
    weighted(1, place.map(deleteNamespaceStep)),
    weighted(1, place.map(namespaceStep)),
  ]
  if (can('conditions')) {
    const conditional = fc.tuple(at, expected, changes, stated)
    steps.push(
      weighted(
        4,
        conditional.map(([at, ...rest]) => patchIfStep(at, ...rest)),
      ),
    )
    steps.push(
      weighted(
        3,
        fc.tuple(at, names, changes, stated).map(([at, ...rest]) => updateStep(at, ...rest)),
      ),
    )
    steps.push(
      weighted(
        1,
        fc.tuple(at, expected).map(([at, expected]) => clearIfStep(at, expected)),
      ),
    )
  }
  if (can('session-info')) steps.push(weighted(3, at.map(infoStep)))
  if (can('accounts')) steps.push(weighted(1, fc.constant(accountsStep())))
  if (can('session-listing')) {
    const listed = fc.tuple(place, fc.integer({ min: 1, max: 4 }))
    steps.push(
      weighted(
        2,
        listed.map(([place, limit]) => sessionsStep(place, limit)),
      ),
    )
    const wanted = fc.oneof(fc.constant<true>(true), names)
    steps.push(
      weighted(
        1,
        fc.tuple(place, wanted).map(([place, properties]) => propertiesStep(place, properties)),
      ),
    )
  }
  if (can('clock')) {
    const seconds = fc.constantFrom(1, 40, 59, 60, 100, 3600, 4000)
    steps.push(
      weighted(
        3,
        seconds.map((seconds) => clockStep(seconds, context)),
      ),
    )
  }
  return fc.oneof(...steps)
}

function pairsOf<V>(values: fc.Arbitrary<V>): fc.Arbitrary<(readonly [name: string, value: V])[]> {
  return fc.uniqueArray(fc.tuple(name, values), { maxLength: 4, selector: ([name]) => name })
}

/** One of several; the first at least half of the time. */
function oneOf(all: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...all.slice(0, 1)), fc.constantFrom(...all))
}

function weighted(weight: number, arbitrary: fc.Arbitrary<Step>): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary }
}

/** A value as plain JSON: a random one may contain -0, or an object without a prototype. */
function plain(found: unknown): JsonValue {
  return JSON.parse(JSON.stringify(found))
}
