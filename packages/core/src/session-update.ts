import { absent } from './absent.ts'
import type { JsonValue, PatchOptions, Properties } from './api.ts'
import { ConflictError } from './errors.ts'
import { copyJson } from './json-copy.ts'
import { patchRequest } from './patch-request.ts'
import { conditionHolds, setOwn } from './session-rules.ts'
import type { AddressKey, Entries, PatchOutcome, PatchRequest } from './storage-adapter.ts'
import type { StoreRules } from './store-options.ts'

/** How often an `update` or a condition is tried before it is given up. */
export const mostAttempts = 128

/** A patch that an `update` asks for, and what the named properties are once it is applied. */
export interface UpdateStep {
  /** What to write, on the condition that nothing changed. */
  readonly request: PatchRequest
  /** The named properties afterwards. */
  readonly result: Properties
}

/** Asks `change` what to write over `current`; `undefined`: nothing. */
export function updateStep(
  names: readonly string[],
  current: Properties,
  change: (current: Properties) => object | undefined,
  options: PatchOptions | undefined,
  rules: StoreRules,
): UpdateStep | undefined {
  // `change` may do with `current` as it likes; the condition is what was read.
  const expected = entriesOf(names, current)
  const properties = change(current)
  if (properties === undefined) return undefined
  const request = { ...patchRequest(properties, undefined, options, rules), expected }
  const result: Properties = {}
  const { changes } = request
  for (const name of expected.names) {
    const value = (Object.hasOwn(changes.values, name) ? changes : expected).values[name]
    if (value !== undefined && value !== absent) setOwn(result, name, copyJson(value))
  }
  return { request, result }
}

/**
 * The request to make once more where an engine refused a condition that holds: it compares texts, and the
 * stored one says the same in another order. What `current` gives is the stored text again when it is written
 * as JSON. `undefined`: the condition does not hold.
 */
export function secondRequest(request: PatchRequest, outcome: PatchOutcome): PatchRequest | undefined {
  const { expected } = request
  if (outcome === undefined || expected === undefined || !conditionHolds(expected, outcome)) return undefined
  return { ...request, expected: entriesOf(expected.names, outcome) }
}

/** The error for a session that changed under every attempt. */
export function conflict(key: AddressKey): ConflictError {
  const { account, namespace, session } = key
  return new ConflictError(`the session changed under each of ${mostAttempts} attempts: try again later`, {
    address: { account, namespace, session },
  })
}

function entriesOf(names: readonly string[], current: Properties): Entries {
  const unique = [...new Set(names)]
  const values = Object.fromEntries<JsonValue | typeof absent>(
    unique.map((name) => {
      const value = Object.hasOwn(current, name) ? current[name] : undefined
      return [name, value === undefined ? absent : copyJson(value)]
    }),
  )
  return { names: unique, values }
}
