import type { JsonValue, Properties } from '@context-store/core'
import { storableJson } from '@context-store/core/bridge'

/** The property beside the data's own that holds what grammY has put around them. */
const envelopeName = 'grammy:envelope'

/** What grammY has put around a bot's data, taken apart. */
interface Opened {
  /** The bot's data, the object that it changes. */
  readonly data: object
  /** The rest, to be stored as one property beside the data's. */
  readonly also: Properties
}

/**
 * Takes the data out of what grammY writes around them anew each time: `{ __d, v, e }` of `enhanceStorage`, `{ version, state }` of
 * the conversations plugin. The data keep their identity where the object around them does not.
 *
 * @returns `undefined` if there is nothing around `value`, or its data are no object or use the reserved name: then it is stored as it is
 */
export function opened(value: unknown): Opened | undefined {
  if (!isObject(value)) return undefined
  const field = Object.hasOwn(value, '__d') ? '__d' : 'state'
  const { [field]: data, ...rest } = value
  if (field === 'state' && !Array.isArray(rest.version)) return undefined
  if (!isObject(data) || Object.hasOwn(data, envelopeName)) return undefined
  return { data, also: { [envelopeName]: { field, rest: storableJson(rest) ?? {} } } }
}

/** A value as its session holds it, what was around its data among these. */
export function flattened(value: unknown): unknown {
  const { data, also } = opened(value) ?? {}
  return data === undefined ? value : Object.assign(data, also)
}

/** Puts around the data what {@link opened} has taken off, and takes the property for it out of them. */
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
