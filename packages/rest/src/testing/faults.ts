import { InvalidOptionError, type JsonValue } from '@context-store/core'
import { type Answer, errorAnswer } from '../answer.ts'
import { isPlainObject } from '../plain-object.ts'
import type { Delays } from './delays.ts'
import { checkMatch, matches, type RecordedRequest, type RequestMatch } from './journal.ts'
import { checkMembers } from './members.ts'

/** The longest delay. */
export const mostDelayMs = 600_000

/** A fault: which requests fail, and how. */
export type Fault = {
  /** The requests that it can hit. Default: all. */
  readonly match?: RequestMatch | undefined
  /** How many requests it hits. Default: 1, or no limit if `rate` is given. */
  readonly times?: number | undefined
  /** The share of matching requests that it hits, from 0 to 1; the double's seed determines which. */
  readonly rate?: number | undefined
} & (
  | {
      /** The answer's status, from 400 to 599. */
      readonly status: number
      /** Headers of the answer, such as `retry-after`. The double itself sets `content-length` and `transfer-encoding`. */
      readonly headers?: Readonly<Record<string, string>> | undefined
      /**
       * The answer's body, sent as JSON; a string is sent as it is if the header `content-type` names another type.
       * Default: an object with a `message`, like all errors of the service.
       */
      readonly body?: JsonValue | undefined
      /** Whether the request takes effect first. */
      readonly afterEffect?: boolean | undefined
    }
  | {
      /** The connection breaks without an answer. */
      readonly reset: true
      /** Whether the request takes effect first. */
      readonly afterEffect?: boolean | undefined
    }
  | {
      /** The delay of the answer in milliseconds. `close()` and `reset()` break the connection of a delayed request. */
      readonly delayMs: number
      /** Whether the request takes effect before the delay, not after it. */
      readonly afterEffect?: boolean | undefined
    }
  | {
      /**
       * The request takes effect, and the connection breaks in the middle of the answer's body, or before the answer
       * if it has no body.
       */
      readonly halfBody: true
    }
)

/** The outcome of a request: an answer, and whether the connection breaks before it or within its body. */
export interface Outcome extends Answer {
  readonly breaks?: 'before' | 'within'
  /** The error that the sender gets instead of the answer, if there is no connection. */
  readonly error?: Error
}

const kinds = ['status', 'reset', 'delayMs', 'halfBody']

const broken: Outcome = { status: 0, body: undefined, headers: {}, breaks: 'before' }

interface Planned {
  readonly fault: Fault
  left: number
}

/** The planned faults. */
export class Faults {
  readonly #seed: number
  #planned: Planned[] = []
  #state: number

  constructor(seed: number) {
    this.#seed = seed
    this.#state = seed
  }

  /** Adds a fault. */
  add(fault: Fault): void {
    checkFault(fault)
    const { times, rate } = fault
    this.#planned.push({
      fault: copyOf(fault),
      left: times ?? (rate === undefined ? 1 : Number.POSITIVE_INFINITY),
    })
  }

  /** The faults that have not fired `times` times, without those with a rate, whose number is random. */
  pending(): Fault[] {
    return this.#planned
      .filter(({ fault }) => fault.rate === undefined)
      .map(({ fault, left }) => ({ ...copyOf(fault), times: left }))
  }

  /** The fault that hits a request: the first that matches. */
  take(request: RecordedRequest): Fault | undefined {
    for (const planned of this.#planned) {
      const { match, rate } = planned.fault
      if (!matches(request, match) || (rate !== undefined && this.#random() >= rate)) continue
      planned.left--
      if (planned.left === 0) this.#planned = this.#planned.filter((other) => other !== planned)
      return planned.fault
    }
    return undefined
  }

  /** Removes all faults, and restarts the random sequence of the seed. */
  clear(): void {
    this.#planned = []
    this.#state = this.#seed
  }

  /** Mulberry32: a number from 0 to 1. The same seed gives the same sequence. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Throws if a fault is invalid. */
function checkFault(fault: Fault): void {
  checkMembers('fault', fault, [...kinds, 'match', 'times', 'rate', 'headers', 'body', 'afterEffect'])
  const { match, times, rate } = fault
  if (match !== undefined) checkMatch('fault.match', match)
  if (times !== undefined && (!Number.isInteger(times) || times < 1)) {
    throw new InvalidOptionError('fault.times: must be a whole number, 1 or more')
  }
  if (rate !== undefined && !(rate >= 0 && rate <= 1)) {
    throw new InvalidOptionError('fault.rate: must be a number from 0 to 1')
  }
  if (kinds.filter((kind) => Object.hasOwn(fault, kind)).length !== 1) {
    throw new InvalidOptionError(`fault: must have exactly one of ${kinds.join(', ')}`)
  }
  if ('status' in fault && !(Number.isInteger(fault.status) && fault.status >= 400 && fault.status <= 599)) {
    throw new InvalidOptionError('fault.status: must be a whole number from 400 to 599')
  }
  if ('delayMs' in fault && !(fault.delayMs >= 0 && fault.delayMs <= mostDelayMs)) {
    throw new InvalidOptionError(`fault.delayMs: must be a number from 0 to ${mostDelayMs}`)
  }
  if ('reset' in fault && fault.reset !== true) throw new InvalidOptionError('fault.reset: must be true')
  if ('halfBody' in fault && fault.halfBody !== true)
    throw new InvalidOptionError('fault.halfBody: must be true')
  if ('headers' in fault && fault.headers !== undefined) checkHeaders(fault.headers)
  if ('body' in fault && fault.body !== undefined) checkBody(fault.body)
  if (!('status' in fault) && ('headers' in fault || 'body' in fault)) {
    throw new InvalidOptionError('fault: headers and body need a status')
  }
  const afterEffect = 'afterEffect' in fault ? fault.afterEffect : undefined
  if (afterEffect !== undefined && typeof afterEffect !== 'boolean') {
    throw new InvalidOptionError('fault.afterEffect: must be true or false')
  }
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  if (!isPlainObject(headers)) throw new InvalidOptionError('fault.headers: must be a plain object')
  for (const [name, value] of Object.entries(headers)) {
    // RFC 9110, 5.1 and 5.5.
    if (
      !/^[\w!#$%&'*+.^`|~-]+$/.test(name) ||
      typeof value !== 'string' ||
      !/^[\t -~\x80-\xff]*$/.test(value)
    ) {
      throw new InvalidOptionError(
        `fault.headers: ${JSON.stringify(name)} must be a valid header name with a valid string value`,
      )
    }
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) {
      throw new InvalidOptionError(`fault.headers: the double sets ${name} itself`)
    }
  }
}

function checkBody(body: JsonValue): void {
  try {
    if (JSON.stringify(body) !== undefined) return
  } catch {
    // A cycle or a BigInt: refused below.
  }
  throw new InvalidOptionError('fault.body: must be a JSON value')
}

/** A copy, since the caller may change the object later. */
function copyOf(fault: Fault): Fault {
  return {
    ...fault,
    ...(fault.match && { match: { ...fault.match } }),
    ...('headers' in fault && fault.headers && { headers: { ...fault.headers } }),
    ...('body' in fault && fault.body !== undefined && { body: JSON.parse(JSON.stringify(fault.body)) }),
  }
}

/** A description of a fault for messages, without its body and headers. */
export function shown(fault: Fault): string {
  const kind = kinds.find((name) => Object.hasOwn(fault, name)) ?? ''
  const { method, path = 'any path' } = fault.match ?? {}
  return `${kind} ${Reflect.get(fault, kind)} for ${method?.toUpperCase() ?? 'any method'}, ${path} (times left: ${fault.times ?? 1})`
}

function answerOf(fault: Extract<Fault, { readonly status: number }>): Answer {
  const headers = Object.fromEntries(
    Object.entries(fault.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const { status, body } = fault
  if (body === undefined) return errorAnswer(status, 'the test asked for this fault', headers)
  const { 'content-type': type = 'application/json' } = headers
  const text = typeof body === 'string' && !/\bjson\b/i.test(type) ? body : JSON.stringify(body)
  return { status, body: text, headers: { ...headers, 'content-type': type } }
}

/**
 * The outcome of a request that `fault` hits, if any; `serve` makes the request take effect. If a delay is ended early,
 * the connection breaks.
 */
export async function outcomeOf(
  fault: Fault | undefined,
  serve: () => Promise<Answer>,
  delays: Delays,
): Promise<Outcome> {
  if (fault === undefined) return serve()
  if ('delayMs' in fault) {
    const early = fault.afterEffect === true ? await serve() : undefined
    if (!(await delays.wait(fault.delayMs))) return broken
    return early ?? serve()
  }
  if ('halfBody' in fault) {
    const answer = await serve()
    return answer.body === undefined ? broken : { ...answer, breaks: 'within' }
  }
  if (fault.afterEffect === true) await serve()
  return 'reset' in fault ? broken : answerOf(fault)
}
