import {
  ContextStoreError,
  type HasSync,
  InvalidOptionError,
  type JsonValue,
  type Properties,
  type SyncSession,
} from '@context-store/core'

/** Whose data a bot script sees. */
export interface BotScope {
  /** The account. */
  readonly account: string
  /** The user's id: the session of what is kept for the user. */
  readonly user: string
  /** The conversation's id: the session of what is kept for the conversation. */
  readonly conversation: string
}

/**
 * The functions that a bot script calls on the global `botContext` (WIRE.md, "Conversation Builder's scripting
 * functions").
 *
 * A write gives `true`, or `false` where the store refuses what it was given: a name that cannot be one, a value
 * that JSON would lose, a session that would be too large, an unknown namespace where they are explicit. A read
 * gives `null` for what is not there. What is wrong with the store itself (closed, damaged, unavailable) throws.
 */
export interface BotContext {
  /** Whether the functions work: they do. */
  isContextApiEnabled(): boolean
  /** Begins a namespace; `ttlSeconds` for what is written into it from then on. */
  registerContextNamespace(namespace: string, ttlSeconds?: number): boolean
  /** Ends a namespace with all that is in it. */
  deleteContextNamespace(namespace: string): boolean
  /** Writes a property for everybody. */
  setGlobalContextData(namespace: string, property: string, value: unknown): boolean
  /** Writes a property for the user. */
  setContextDataForUser(namespace: string, property: string, value: unknown): boolean
  /** Writes a property for the conversation. */
  setContextDataForConversation(namespace: string, property: string, value: unknown): boolean
  /** A property for everybody. */
  getGlobalContextData(namespace: string, property: string): JsonValue
  /** A property of the user's, or without `property` all of them. */
  getContextDataForUser(namespace: string, property?: string): JsonValue
  /** A property of the conversation's, or without `property` all of them. */
  getContextDataForConversation(namespace: string, property?: string): JsonValue
  /** Removes a property for everybody. */
  deleteGlobalContextData(namespace: string, property: string): boolean
  /** Removes a property of the user's. */
  deleteContextDataForUser(namespace: string, property: string): boolean
  /** Removes a property of the conversation's. */
  deleteContextDataForConversation(namespace: string, property: string): boolean
  /** Removes all that is kept for the user. */
  deleteAllContextDataForUser(namespace: string): boolean
  /** Removes all that is kept for the conversation. */
  deleteAllContextDataForConversation(namespace: string): boolean
}

const refusals: readonly string[] = [
  'invalid-address',
  'invalid-value',
  'invalid-option',
  'namespace-not-found',
  'too-large',
]

/**
 * The scripting functions over a store with a synchronous side, for bot scripts that are run at the desk.
 *
 * What is kept for everybody is in the session `__default__`, what is kept for the user and the conversation in the
 * sessions of their ids, where the REST service shows it too. No function needs `this`: the object can be spread.
 *
 * @throws `InvalidOptionError` where two of the three would be one session, `InvalidAddressError` for an id that
 * cannot be one
 * @example
 * ```ts
 * const context = botContext(memoryStore(), { account: '577089', user: 'u1', conversation: 'c1' })
 * context.setContextDataForUser('orders', 'size', 'large')
 * ```
 */
export function botContext(store: HasSync, { account, user, conversation }: BotScope): BotContext {
  if (user === conversation || user === '__default__' || conversation === '__default__') {
    throw new InvalidOptionError(
      "user and conversation: two ids, and neither '__default__', which is for everybody",
    )
  }
  const namespaces = store.sync.account(account)
  const global = (namespace: string): SyncSession => namespaces.namespace(namespace).session()
  const ofUser = (namespace: string): SyncSession => namespaces.namespace(namespace).session(user)
  const ofConversation = (namespace: string): SyncSession =>
    namespaces.namespace(namespace).session(conversation)
  // Whatever the namespace: the ids are checked now, not by a script that only sees `false`.
  ofUser('n')
  ofConversation('n')

  return {
    isContextApiEnabled: () => true,
    registerContextNamespace: (namespace, ttlSeconds) =>
      done(() => namespaces.namespace(namespace).create({ ttlSeconds })),
    deleteContextNamespace: (namespace) => done(() => namespaces.namespace(namespace).delete()),
    setGlobalContextData: (namespace, property, value) => set(() => global(namespace), property, value),
    setContextDataForUser: (namespace, property, value) => set(() => ofUser(namespace), property, value),
    setContextDataForConversation: (namespace, property, value) =>
      set(() => ofConversation(namespace), property, value),
    getGlobalContextData: (namespace, property) => got(() => global(namespace).get(property)),
    getContextDataForUser: (namespace, property) => got(() => some(ofUser(namespace), property)),
    getContextDataForConversation: (namespace, property) =>
      got(() => some(ofConversation(namespace), property)),
    deleteGlobalContextData: (namespace, property) => done(() => global(namespace).delete(property)),
    deleteContextDataForUser: (namespace, property) => done(() => ofUser(namespace).delete(property)),
    deleteContextDataForConversation: (namespace, property) =>
      done(() => ofConversation(namespace).delete(property)),
    deleteAllContextDataForUser: (namespace) => done(() => ofUser(namespace).clear()),
    deleteAllContextDataForConversation: (namespace) => done(() => ofConversation(namespace).clear()),
  }
}

function set(session: () => SyncSession, property: string, value: unknown): boolean {
  // To a patch, `undefined` means to leave the property alone; a script that sets it has nothing to set.
  if (value === undefined) return false
  return done(() => session().patch(Object.fromEntries([[property, value as JsonValue]])))
}

function some(session: SyncSession, property: string | undefined): JsonValue | undefined {
  if (property !== undefined) return session.get(property)
  const all = session.getAll() as Properties
  return Object.keys(all).length === 0 ? undefined : all
}

function done(write: () => void): boolean {
  return refused(() => {
    write()
    return true
  }, false)
}

function got(read: () => JsonValue | undefined): JsonValue {
  return refused(read, undefined) ?? null
}

function refused<T>(call: () => T, otherwise: T): T {
  try {
    return call()
  } catch (error) {
    if (ContextStoreError.is(error) && refusals.includes(error.code)) return otherwise
    throw error
  }
}
