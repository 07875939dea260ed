import {
  ContextStoreError,
  type HasSync,
  InvalidOptionError,
  type JsonValue,
  type Properties,
  type SyncNamespace,
  type SyncSession,
} from '@context-store/core'
import { checkedOptions } from '@context-store/core/adapter'
import { isStore } from '../check-store.ts'
import { asMap } from './properties-map.ts'

/** The data that a bot script sees. */
export interface BotScope {
  /** The account. */
  readonly account: string
  /** The user's id, which is the session with the user's data. */
  readonly user: string
  /** The conversation's id, which is the session with the conversation's data. */
  readonly conversation: string
}

/**
 * The functions that a bot script calls on the global `botContext` (docs/rest-contract.md, "Scripting functions").
 *
 * A write returns `true`, or `false` if the store refuses its arguments: an invalid name, a value that JSON would
 * lose, a session that would be too large, an unknown namespace if namespaces are explicit. A read returns `null` if
 * there is no such data. If the store itself fails (closed, damaged, unavailable), the function throws.
 *
 * All properties of a session are an object. Scripts read it as `all.name`, or through the methods of the platform's
 * map: `get`, `containsKey`, `keySet`, `values`, `entrySet`, `size`, `isEmpty`. These are not enumerable, and a property
 * of the same name replaces the method. Names may be numbers.
 */
export interface BotContext {
  /** Whether the functions work: always `true`. */
  isContextApiEnabled(): boolean
  /** Creates a namespace; `ttlSeconds` is the time to live of sessions that are written from then on. */
  registerContextNamespace(namespace: string | number, ttlSeconds?: number): boolean
  /** Deletes a namespace with all its sessions. */
  deleteContextNamespace(namespace: string | number): boolean
  /** Writes a global property. */
  setGlobalContextData(namespace: string | number, property: string | number, value: unknown): boolean
  /** Writes a property of the user. */
  setContextDataForUser(namespace: string | number, property: string | number, value: unknown): boolean
  /** Writes a property of the conversation. */
  setContextDataForConversation(
    namespace: string | number,
    property: string | number,
    value: unknown,
  ): boolean
  /** Reads a global property. */
  getGlobalContextData(namespace: string | number, property: string | number): JsonValue
  /** Reads a property of the user, or all of them if `property` is omitted. */
  getContextDataForUser(namespace: string | number, property?: string | number): JsonValue
  /** Reads a property of the conversation, or all of them if `property` is omitted. */
  getContextDataForConversation(namespace: string | number, property?: string | number): JsonValue
  /** Removes a global property. */
  deleteGlobalContextData(namespace: string | number, property: string | number): boolean
  /** Removes a property of the user. */
  deleteContextDataForUser(namespace: string | number, property: string | number): boolean
  /** Removes a property of the conversation. */
  deleteContextDataForConversation(namespace: string | number, property: string | number): boolean
  /** Removes all properties of the user. */
  deleteAllContextDataForUser(namespace: string | number): boolean
  /** Removes all properties of the conversation. */
  deleteAllContextDataForConversation(namespace: string | number): boolean
  /** Converts a message to a string and keeps it in {@link debugMessages}. */
  printDebugMessage(message: unknown): void
  /** The latest 1,000 messages of `printDebugMessage`, oldest first. */
  readonly debugMessages: readonly string[]
}

/** The number of messages that are kept. */
const mostMessages = 1000

const refusals: readonly string[] = [
  'invalid-address',
  'invalid-value',
  'invalid-option',
  'namespace-not-found',
  'too-large',
]

/**
 * Creates the scripting functions over a store with a synchronous side, to run bot scripts on a developer's machine.
 *
 * Global data is in the session `__default__`, the data of the user and of the conversation in the sessions with their
 * ids, where the REST service finds it too. No function needs `this`, so the object can be spread.
 *
 * @throws `InvalidOptionError` for a store without a synchronous side, an unknown or missing member of the scope, or ids
 *   that are the same session
 * @throws `InvalidAddressError` for an invalid id
 * @example
 * ```ts
 * const context = botContext(memoryStore(), { account: '577089', user: 'u1', conversation: 'c1' })
 * context.setContextDataForUser('orders', 'size', 'large')
 * ```
 */
export function botContext(store: HasSync, scope: BotScope): BotContext {
  if (!isStore(store) || !('sync' in store) || !isStore(store.sync)) {
    throw new InvalidOptionError(
      'botContext: the store must have a synchronous side, as memoryStore() and sqliteStore() do',
    )
  }
  const {
    account = '',
    user,
    conversation,
  } = checkedOptions<Partial<BotScope>>(scope, ['account', 'user', 'conversation'], 'botContext')
  const ids = new Set<string | undefined>([user, conversation, '__default__', undefined])
  if (ids.size < 4) {
    throw new InvalidOptionError(
      "user and conversation: must be two different ids, neither of them '__default__', the session of global data",
    )
  }
  const namespaceOf = (name: string | number): SyncNamespace =>
    store.sync.account(account).namespace(textOf(name))
  const global = (namespace: string | number): SyncSession => namespaceOf(namespace).session()
  const ofUser = (namespace: string | number): SyncSession => namespaceOf(namespace).session(user)
  const ofConversation = (namespace: string | number): SyncSession =>
    namespaceOf(namespace).session(conversation)
  const debugMessages: string[] = []
  // Checks the ids now, in any namespace: later a script would only get `false`.
  ofUser('n')
  ofConversation('n')

  return {
    isContextApiEnabled: () => true,
    registerContextNamespace: (namespace, ttlSeconds) =>
      done(() => namespaceOf(namespace).create({ ttlSeconds })),
    deleteContextNamespace: (namespace) => done(() => namespaceOf(namespace).delete()),
    setGlobalContextData: (namespace, property, value) => set(() => global(namespace), property, value),
    setContextDataForUser: (namespace, property, value) => set(() => ofUser(namespace), property, value),
    setContextDataForConversation: (namespace, property, value) =>
      set(() => ofConversation(namespace), property, value),
    getGlobalContextData: (namespace, property) => got(() => global(namespace).get(textOf(property))),
    getContextDataForUser: (namespace, property) => got(() => some(ofUser(namespace), property)),
    getContextDataForConversation: (namespace, property) =>
      got(() => some(ofConversation(namespace), property)),
    deleteGlobalContextData: (namespace, property) => done(() => global(namespace).delete(textOf(property))),
    deleteContextDataForUser: (namespace, property) => done(() => ofUser(namespace).delete(textOf(property))),
    deleteContextDataForConversation: (namespace, property) =>
      done(() => ofConversation(namespace).delete(textOf(property))),
    deleteAllContextDataForUser: (namespace) => done(() => ofUser(namespace).clear()),
    deleteAllContextDataForConversation: (namespace) => done(() => ofConversation(namespace).clear()),
    printDebugMessage(message) {
      debugMessages.push(String(message))
      if (debugMessages.length > mostMessages) debugMessages.shift()
    },
    debugMessages,
  }
}

/** Converts a number to a string. The store checks any other value. */
function textOf(name: string | number): string {
  return typeof name === 'number' ? String(name) : name
}

function set(session: () => SyncSession, property: string | number, value: unknown): boolean {
  // In a patch, `undefined` would leave the property alone. For a script it is a mistake.
  if (value === undefined) return false
  return done(() => session().patch(Object.fromEntries([[textOf(property), value as JsonValue]])))
}

function some(session: SyncSession, property: string | number | undefined): JsonValue | undefined {
  if (property !== undefined) return session.get(textOf(property))
  const all = session.getAll() as Properties
  return Object.keys(all).length === 0 ? undefined : asMap(all)
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
