import type { JsonValue, Properties, SessionInfo } from '../api/context-store.ts'
import type { CheckedAddress } from '../port/checked-address.ts'
import type { PatchRequest } from '../port/patch-request.ts'
import { checkName, checkNames } from '../rules/check-address.ts'
import { checkPatch } from '../rules/check-patch.ts'
import { findSession, inNamespace } from './namespace-operations.ts'
import type { Driver, Engine, Operation } from './operation.ts'
import { answered, type Steps } from './steps.ts'
import type { StoreState } from './store-state.ts'

/** An operation on one session. */
export type SessionOperation<C> = Operation<CheckedAddress, C>

/** `session.get()` */
export const get: SessionOperation<string> = {
  isWrite: false,
  check: (store, _address, name) => checkName(name, store.names),
  run(engine, address, name, store, driver) {
    if (engine.readProperty !== undefined && !store.rules.explicitNamespaces) {
      return engine.readProperty(address, name)
    }
    return driver.run(inNamespace(store, engine, address, readProperty(engine, address, name), isUndefined))
  },
}

/** `session.getMany()` */
export const getMany: SessionOperation<readonly string[] | undefined> = {
  isWrite: false,
  check: (store, _address, names) => checkNames(names, store.names),
  run: readProperties,
}

/** `session.getAll()` */
export const getAll: SessionOperation<readonly string[] | undefined> = {
  isWrite: false,
  check: () => undefined,
  run: readProperties,
}

/** `session.patch()` */
export const patch: SessionOperation<PatchRequest> = {
  isWrite: true,
  isCounted: true,
  check: (store, _address, properties, options) => checkedPatch(store, properties, undefined, options),
  run: (engine, address, request) => engine.patch(address, request),
}

/** `session.delete()` */
export const deleteProperties: SessionOperation<readonly string[]> = {
  isWrite: true,
  check: (store, _address, names) => checkNames(typeof names === 'string' ? [names] : names, store.names),
  run: (engine, address, names) => engine.deleteProperties(address, names),
}

/** `session.clear()` */
export const clear: SessionOperation<undefined> = {
  isWrite: true,
  check: () => undefined,
  run: (engine, address) => engine.clearSession(address, undefined),
}

/** `session.info()` */
export const info: SessionOperation<undefined> = {
  isWrite: false,
  check(store) {
    store.needs('session-info')
    return undefined
  },
  run: (engine, address, _checked, store, driver) =>
    driver.run(inNamespace(store, engine, address, sessionInfo(engine, address), isUndefined)),
}

/** Checks a patch, including what the engine cannot do. */
export function checkedPatch(
  store: StoreState,
  properties: unknown,
  condition: unknown,
  options: unknown,
): PatchRequest {
  const request = checkPatch(properties, condition, options, store.rules, store.names)
  if (request.removes) store.needs('removals')
  if (request.ttlSeconds !== undefined) store.needs('time-to-live')
  return request
}

function readProperties(
  engine: Engine,
  address: CheckedAddress,
  names: readonly string[] | undefined,
  store: StoreState,
  driver: Driver,
): unknown {
  const answer = engine.readProperties(address, names)
  if (!store.rules.explicitNamespaces) return answer
  return driver.run(inNamespace(store, engine, address, answered<Properties>(answer), isEmpty))
}

function* readProperty(engine: Engine, address: CheckedAddress, name: string): Steps<JsonValue | undefined> {
  if (engine.readProperty !== undefined) return yield* answered(engine.readProperty(address, name))
  const found: Properties = yield* answered(engine.readProperties(address, [name]))
  return Object.hasOwn(found, name) ? found[name] : undefined
}

function* sessionInfo(engine: Engine, address: CheckedAddress): Steps<SessionInfo | undefined> {
  if (engine.sessionInfo !== undefined) return yield* answered(engine.sessionInfo(address))
  return yield* findSession(engine, address, address.session)
}

function isUndefined(found: unknown): boolean {
  return found === undefined
}

/** Whether a read found no property. */
export function isEmpty(found: Properties): boolean {
  return Object.keys(found).length === 0
}
