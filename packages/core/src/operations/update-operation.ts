import { absent } from '../api/absent.ts'
import type { JsonValue, Properties } from '../api/context-store.ts'
import { InvalidOptionError, InvalidValueError } from '../api/errors.ts'
import type { CheckedAddress } from '../port/checked-address.ts'
import type { Condition, PatchRequest, WriteOutcome } from '../port/patch-request.ts'
import { checkNames } from '../rules/check-address.ts'
import { checkTtl } from '../rules/check-patch.ts'
import { copyJson, isThenable } from '../rules/json-copy.ts'
import { setOwn } from '../rules/own-property.ts'
import { conditional, conditionOf, conflict, mostAttempts } from './conditional-operations.ts'
import { inNamespace } from './namespace-operations.ts'
import { type Driver, type Engine, ThrownByCaller } from './operation.ts'
import { checkedPatch, isEmpty, type SessionOperation } from './session-operations.ts'
import { answered, type Steps } from './steps.ts'
import type { StoreState } from './store-state.ts'

/** An `update`, checked. */
interface Update {
  readonly names: readonly string[]
  readonly change: (current: Properties) => unknown
  readonly ttlSeconds: number | undefined
}

/** `session.update()` */
export const update: SessionOperation<Update> = {
  isWrite: true,
  isSeveral: true,
  isCounted: true,
  check(store, _address, names, change, options) {
    store.needs('conditions')
    const checked = checkNames(names, store.names)
    if (typeof change !== 'function') {
      throw new InvalidOptionError('change: must be a synchronous function that returns a patch')
    }
    const ttlSeconds = checkTtl(options)
    if (ttlSeconds !== undefined) store.needs('time-to-live')
    return { names: checked, change: change as Update['change'], ttlSeconds }
  },
  run: (engine, address, asked, store, driver) =>
    driver.run(updating(engine, address, new Attempt(asked, store), store, driver)),
}

/** The attempts of an update: calls `change`, and keeps what the last call decided. */
class Attempt {
  readonly names: readonly string[]
  /** The named properties after the update. */
  result: Properties = {}
  readonly #asked: Update
  readonly #store: StoreState
  #thrown: { readonly error: unknown } | undefined

  constructor(asked: Update, store: StoreState) {
    this.names = asked.names
    this.#asked = asked
    this.#store = store
  }

  /** Asks `change` what to write; `undefined`: nothing, or it threw. */
  readonly change = (current: Properties): PatchRequest | undefined => {
    this.#thrown = undefined
    try {
      return this.#decide(current)
    } catch (error) {
      // Not thrown through the engine, which would take it for its own error: see `settled`.
      this.#thrown = { error }
      return undefined
    }
  }

  /** Returns the result, or throws what `change` threw. */
  settled(): Properties {
    if (this.#thrown !== undefined) throw this.#thrown.error
    return this.result
  }

  #decide(current: Properties): PatchRequest | undefined {
    // `change` may modify `current`, so the values are copied first.
    const before = conditionOf(this.names, current)
    const request = this.#store.whileChanging(() => this.#ask(current))
    const after: Properties = {}
    for (const name of before.names) {
      const changed = request !== undefined && Object.hasOwn(request.changes.values, name)
      const value = (changed ? request.changes : before).values[name] as JsonValue | typeof absent | undefined
      if (value !== undefined && value !== absent) setOwn(after, name, copyJson(value))
    }
    this.result = after
    return request
  }

  /** Calls `change` and reads what it returns, which may have getters. */
  #ask(current: Properties): PatchRequest | undefined {
    const { change, ttlSeconds } = this.#asked
    let properties: unknown
    try {
      properties = change(current)
    } catch (error) {
      throw new ThrownByCaller(error)
    }
    if (properties === undefined) return undefined
    if (typeof properties !== 'object' || properties === null) {
      throw new InvalidValueError('', 'change: must return a patch, or undefined to write nothing')
    }
    if (isPromise(properties)) {
      // Nothing awaits it, so its rejection must not end the process.
      Promise.resolve(properties).catch(() => undefined)
      throw new InvalidOptionError('change: must be synchronous; it returned a promise')
    }
    return checkedPatch(this.#store, properties, undefined, { ttlSeconds })
  }
}

/** One step if the engine has `update`; otherwise read, write on a condition, and retry a lost race. */
function* updating(
  engine: Engine,
  address: CheckedAddress,
  attempt: Attempt,
  store: StoreState,
  driver: Driver,
): Steps<Properties> {
  if (engine.update !== undefined) {
    yield* answered(engine.update(address, attempt.names, attempt.change))
    return yield* inNamespace(store, engine, address, answered(attempt.settled()), isEmpty)
  }
  for (let count = 0; count < mostAttempts; count++) {
    if (count > 0) yield driver.pause(count)
    const current: Properties = yield* answered(engine.readProperties(address, attempt.names))
    const expected = conditionOf(attempt.names, current)
    const request = attempt.change(current)
    if (request === undefined) {
      return yield* inNamespace(store, engine, address, answered(attempt.settled()), isEmpty)
    }
    const write = (asked: Condition | undefined): WriteOutcome | Promise<WriteOutcome> =>
      engine.patch(address, { ...request, expected: asked })
    if ((yield* conditional(expected, write(expected), write)) === undefined) return attempt.settled()
  }
  throw conflict()
}

/** Whether `change` returned a promise; a value whose `then` cannot be read is refused as a patch. */
function isPromise(value: object): boolean {
  try {
    return isThenable(value)
  } catch {
    return false
  }
}
