import { absent } from '../api/absent.ts'
import type { JsonValue, Properties } from '../api/context-store.ts'
import { ConflictError } from '../api/errors.ts'
import { present } from '../api/present.ts'
import type { Condition, PatchRequest, WriteOutcome } from '../port/patch-request.ts'
import { checkCondition } from '../rules/check-patch.ts'
import { conditionHolds } from '../rules/condition.ts'
import { copyJson } from '../rules/json-copy.ts'
import { checkedPatch, type SessionOperation } from './session-operations.ts'
import { answered, type Steps } from './steps.ts'

/** How many times an `update` or a conditional write is tried. */
export const mostAttempts = 128

/** `session.patchIf()` */
export const patchIf: SessionOperation<PatchRequest> = {
  isWrite: true,
  isSeveral: true,
  isCounted: true,
  check(store, _address, expected, properties, options) {
    store.needs('conditions')
    return checkedPatch(store, properties, expected ?? null, options)
  },
  run(engine, address, request, _store, driver) {
    const first = engine.patch(address, request)
    // A synchronous engine returns the outcome itself: most conditions hold at the first attempt.
    if (first === undefined) return { ok: true }
    const again = (expected: Condition | undefined): WriteOutcome | Promise<WriteOutcome> =>
      engine.patch(address, { ...request, expected })
    return driver.run(result(conditional(request.expected, first, again)))
  },
}

/** `session.clearIf()` */
export const clearIf: SessionOperation<Condition> = {
  isWrite: true,
  isSeveral: true,
  check(store, _address, expected) {
    store.needs('conditions')
    return checkCondition(expected, store.rules, store.names)
  },
  run(engine, address, condition, _store, driver) {
    const again = (expected: Condition | undefined): WriteOutcome | Promise<WriteOutcome> =>
      engine.clearSession(address, expected)
    return driver.run(result(conditional(condition, again(condition), again)))
  },
}

/**
 * Returns the outcome of a conditional write. The write is retried if the engine refused a condition that holds: an
 * engine may compare texts, and the stored text may have the same members in another order. The values it returned
 * serialize to exactly the stored text, so the retry uses them as the condition.
 *
 * @param first - the outcome of the first attempt
 * @param again - makes another attempt
 */
export function* conditional(
  expected: Condition | undefined,
  first: WriteOutcome | Promise<WriteOutcome>,
  again: (expected: Condition | undefined) => WriteOutcome | Promise<WriteOutcome>,
): Steps<WriteOutcome> {
  let answer = first
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    const current: WriteOutcome = yield* answered(answer)
    if (current === undefined || expected === undefined || !conditionHolds(expected, current)) return current
    answer = again(asStored(expected, current))
  }
  throw conflict()
}

/**
 * A condition that holds for `current`, with the values as stored. A property that must only be `present` stays so:
 * others may write it meanwhile.
 */
function asStored(expected: Condition, current: Properties): Condition {
  const { names, values } = conditionOf(expected.names, current)
  const kept = names.filter((name) => expected.values[name] === present)
  return { names, values: { ...values, ...Object.fromEntries(kept.map((name) => [name, present])) } }
}

/** The condition that these properties have not changed. */
export function conditionOf(names: readonly string[], current: Properties): Condition {
  const unique = [...new Set(names)]
  const values = Object.fromEntries<JsonValue | typeof absent>(
    unique.map((name) => {
      const value = Object.hasOwn(current, name) ? current[name] : undefined
      return [name, value === undefined ? absent : copyJson(value)]
    }),
  )
  return { names: unique, values }
}

/** The error for a session that changed during every attempt. */
export function conflict(): ConflictError {
  return new ConflictError(`the session changed during each of ${mostAttempts} attempts: try again`)
}

function* result(writing: Steps<WriteOutcome>): Steps<object> {
  const current = yield* writing
  return current === undefined ? { ok: true } : { ok: false, current }
}
