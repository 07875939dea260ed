import { absent, type Properties, present } from '@context-store/core'
import { type Condition, setOwn } from '@context-store/core/adapter'
import type { Reply } from './redis-connection.ts'
import { listOf } from './redis-connection.ts'
import { anyValue } from './session-layout.ts'
import { jsonOf } from './session-text.ts'

const noArgs: readonly string[] = []

/** A condition in the form that scripts take: each name as JSON, and the expected text; empty: no such property. */
export function conditionArgs(expected: Condition | undefined): readonly string[] {
  if (expected === undefined) return noArgs
  return expected.names.flatMap((name) => {
    const value = expected.values[name]
    const text = value === absent ? '' : value === present ? anyValue : JSON.stringify(value)
    return [JSON.stringify(name), text]
  })
}

/** The expected properties that exist, from the reply of a script that refused the condition. */
export function currentOf(expected: Condition | undefined, reply: Reply): Properties {
  const texts = listOf(reply)
  const current: Properties = {}
  expected?.names.forEach((name, index) => {
    const text = texts[index]
    if (typeof text === 'string' && text !== '') setOwn(current, name, jsonOf(text))
  })
  return current
}
