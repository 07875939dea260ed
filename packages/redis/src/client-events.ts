import type { RedisClient } from './redis-client.ts'

/** The events of a client that a store handles. */
export interface ClientListener {
  /** A connection failed, or an attempt to connect. */
  onError(error: unknown): void
  /** The client of one node can send again. */
  onReady(): void
}

interface Listeners {
  readonly all: Set<ClientListener>
  readonly error: (error: unknown) => void
  readonly ready: () => void
}

const nothing = (): void => undefined

/** Clients that have a permanent listener that does nothing. */
const anchored = new WeakSet<RedisClient>()

const listenersOf = new WeakMap<RedisClient, Listeners>()

/**
 * Listens to a client. Stores that share a client share one listener for each event, because Node warns about more than
 * ten. An 'error' event without a listener would end the process.
 *
 * @returns a function that stops listening
 */
export function listenTo(client: RedisClient, listener: ClientListener): () => void {
  const listeners = listenersOf.get(client) ?? begin(client)
  listeners.all.add(listener)
  return () => {
    if (!listeners.all.delete(listener) || listeners.all.size > 0) return
    listenersOf.delete(client)
    client.off('error', listeners.error)
    client.off('ready', listeners.ready)
  }
}

function begin(client: RedisClient): Listeners {
  // The client is an object derived from the emitter: when its last listener is removed, Node gives the derived object
  // its own list, and listeners added to that are never called. So one listener stays.
  if (!anchored.has(client)) client.on('end', nothing)
  anchored.add(client)
  const all = new Set<ClientListener>()
  const listeners: Listeners = {
    all,
    error: (error) => {
      for (const { onError } of all) onError(error)
    },
    ready: () => {
      for (const { onReady } of all) onReady()
    },
  }
  listenersOf.set(client, listeners)
  client.on('error', listeners.error)
  client.on('ready', listeners.ready)
  return listeners
}
