import type { JsonValue, Properties } from '@context-store/core'
import { storableJson } from '@context-store/core/bridge'

/** The property, stored beside the data's own, that holds the other members of grammY's wrapper. */
const envelopeName = 'grammy:envelope'

/** A wrapper that grammY puts around a bot's data, taken apart. */
interface Opened {
  /** The bot's data: the object that the bot changes. */
  readonly data: object
  /** The rest of the wrapper, to be stored as one property beside the data's. */
  readonly also: Properties
}

/**
 * Takes a bot's data out of the wrapper that grammY creates for each write: `{ __d, v, e }` of `enhanceStorage`, `{ version, state }` of
 * the conversations plugin. The wrapper is a new object each time; the data is the object that was read.
 *
 * @returns `undefined` if `value` is not a wrapper, or its data is not an object or uses the reserved name: then it is stored as it is
 */
export function opened(value: unknown): Opened | undefined {
  if (!isObject(value)) return undefined
  const field = Object.hasOwn(value, '__d') ? '__d' : 'state'
  const { [field]: data, ...rest } = value
  if (field === 'state' && !Array.isArray(rest.version)) return undefined
  if (!isObject(data) || Object.hasOwn(data, envelopeName)) return undefined
  return { data, also: { [envelopeName]: { field, rest: storableJson(rest) ?? {} } } }
}

/** A value as its session stores it: the data, and the rest of the wrapper as one of its properties. */
export function flattened(value: unknown): unknown {
  const { data, also } = opened(value) ?? {}
  return data === undefined ? value : Object.assign(data, also)
}

/** Reverses {@link flattened}: removes the wrapper's property from the data, and puts the wrapper around it again. */
export function closed(value: unknown): unknown {
  if (!isObject(value) || !isEnvelope(value[envelopeName])) return value
  const { field, rest } = value[envelopeName]
  delete value[envelopeName]
  return { ...rest, [field]: value }
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEnvelope(value: unknown): value is { field: string; rest: { [name: string]: JsonValue } } {
  return isObject(value) && typeof value.field === 'string' && isObject(value.rest)
}
