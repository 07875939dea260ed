import type { RedisClient } from './redis-client.ts'

/** What a store hears of its client. */
export interface ClientListener {
  /** The client failed: with a connection, or with an attempt to connect. */
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

/** Clients that keep a listener that does nothing. */
const anchored = new WeakSet<RedisClient>()

const listenersOf = new WeakMap<RedisClient, Listeners>()

/**
 * Listens to a client. However many stores share it, the client has one listener for each event: Node warns of more
 * than ten. An 'error' event without a listener would end the process.
 *
 * @returns ends it
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
  // The client is an object derived from the emitter: when its last listener is removed, Node gives it a list of its
  // own, and what is added to that later is never called. So one listener stays.
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
