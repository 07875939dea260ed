import {
  type absent,
  type ContextStore,
  InvalidOptionError,
  type JsonValue,
  type SessionAddress,
  UnsupportedError,
} from '@context-store/core'
import {
  type CheckedAddress,
  checkedOptions,
  createStore,
  ownCall,
  ownListing,
  traitsOf,
} from '@context-store/core/adapter'
import { BackOff } from './back-off.ts'
import { OfflineAdapter } from './offline-adapter.ts'
import type { Conflict, OfflineEvent, OfflineStatus, PendingWrites, RejectedWrite } from './offline-events.ts'
import { Outbox } from './outbox.ts'
import { isPending } from './outbox-record.ts'
import { PullRounds } from './pull-rounds.ts'
import { Pulls } from './pulls.ts'
import { Pushes } from './pushes.ts'
import { Rejections } from './rejections.ts'
import { RemoteCalls } from './remote-calls.ts'
import { Rounds } from './rounds.ts'
import { SyncStatus } from './sync-status.ts'

/** The options of {@link offlineStore}. */
export interface OfflineOptions {
  /**
   * The store on this device: an `indexedDbStore`, a `sqliteStore`, or a `memoryStore` without bounds. It now belongs to
   * the offline store: what is written to it directly is never sent. Its limits, `namespaces` and clock apply to the
   * offline store.
   */
  readonly local: ContextStore
  /** The store that the writes are sent to, usually a `restStore`. */
  readonly remote: ContextStore
  /**
   * What happens to a property that both this device and another writer have changed. `local`, the default: this device's
   * value is sent without reading the remote store. `remote`: the remote value wins. A function returns a value, or
   * `absent`; it may be called again. If the remote store does not support conditions, as over REST, what is written
   * there between the read and the send is overwritten. Set it from the start: the previous remote values are only kept
   * while it is set.
   */
  readonly onConflict?: 'local' | 'remote' | ((conflict: Conflict) => JsonValue | typeof absent) | undefined
  /**
   * When a session is read from the remote store. `first-read`, the default: at its first read, `update` or conditional
   * write on this device, which waits up to two seconds for it, and again at a later one if that failed. `manual`: only
   * with `pull()`. `{ everySeconds }`: also periodically for all sessions on this device, starting with the one whose
   * last read is longest ago.
   */
  readonly pull?:
    | 'first-read'
    | 'manual'
    | {
        /** Whole seconds, 1 to 86,400. */
        readonly everySeconds: number
      }
    | undefined
  /** When writes are sent. `background`, the default: soon after the write, with retries. `manual`: only with `flush()`. */
  readonly push?: 'background' | 'manual' | undefined
}

/** A store that works without a network, see {@link offlineStore}. */
export interface OfflineStore extends ContextStore {
  /** The state: a frozen object, a new one at each change. Fits React's `useSyncExternalStore` with `subscribe`. */
  readonly status: OfflineStatus
  /**
   * Calls `listener` for every event, until the returned function is called. An error that it throws is reported as
   * uncaught, and has no other effect.
   */
  subscribe(listener: (event: OfflineEvent) => void): () => void
  /**
   * Makes one attempt to send everything that is unsent, including the writes of other tabs. Does not reject if there is
   * no network: the status has the result.
   *
   * @param options - `signal` ends the attempt early
   * @returns the status afterwards
   */
  flush(options?: { readonly signal?: AbortSignal | undefined }): Promise<OfflineStatus>
  /**
   * Reads a session from the remote store, and updates its properties that have no unsent writes.
   *
   * @throws the errors of the remote store, such as `StoreUnavailableError`
   */
  pull(address: SessionAddress): Promise<void>
  /** The sessions with unsent writes, of this and other tabs, and their unsent properties. */
  pending(): AsyncIterable<PendingWrites>
  /** The writes that the remote store refuses permanently, or for which `onConflict` threw. */
  rejected(): AsyncIterable<RejectedWrite>
}

/**
 * A store that works without a network: it reads and writes on this device, and sends the writes to the remote store when
 * it can, merged property by property with the writes of others. An awaited write is as durable as in the local store,
 * whatever the network does. `patchIf`, `clearIf` and `update` decide on this device's copy: two devices can both win a
 * claim. `namespace.delete()` needs the network. `close()` closes both stores, and does not wait for the network.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @throws `UnsupportedError` if the local store cannot write several sessions atomically
 * @example
 * ```ts
 * const store = offlineStore({ local: indexedDbStore({ name: 'shop' }), remote: restStore({ baseUrl, apiKey }) })
 * await store.account('577089').namespace('shop').session(visit).patch({ basket })
 * store.subscribe(() => show(store.status))
 * ```
 */
export function offlineStore(options: OfflineOptions): OfflineStore {
  const given = checkedOptions<OfflineOptions>(
    options,
    ['local', 'remote', 'onConflict', 'pull', 'push'],
    'offlineStore',
  )
  const { onConflict = 'local', pull = 'first-read', push = 'background' } = given
  const local = checkStore('local', given.local, 'indexedDbStore(), sqliteStore() or memoryStore()')
  const remote = checkStore('remote', given.remote, 'restStore()')
  if (local === remote) throw new InvalidOptionError('remote: must not be the same store as local')
  const noBatch = traitsOf(local).cannot.batch
  if (noBatch !== undefined) throw new UnsupportedError(`local: ${noBatch}`)
  if (typeof onConflict !== 'function' && onConflict !== 'local' && onConflict !== 'remote') {
    throw new InvalidOptionError("onConflict: must be 'local', 'remote' or a function")
  }
  if (push !== 'background' && push !== 'manual') {
    throw new InvalidOptionError("push: must be 'background' or 'manual'")
  }
  const everySeconds = checkPull(pull)

  const outbox = new Outbox(local)
  const calls = new RemoteCalls(remote)
  const status = new SyncStatus()
  const backOff = new BackOff()
  const rejections = new Rejections(outbox, status, {
    own: (call) => ownCall(store, {}, call),
    pending: (place) => rounds.wrote(place),
  })
  const pushes = new Pushes(outbox, calls, status, rejections, onConflict)
  const rounds = new Rounds(outbox, calls, status, pushes, backOff, push === 'background')
  const pulls = new Pulls(outbox, calls, status)
  const pullRounds = new PullRounds(outbox, pulls, backOff, everySeconds)
  const { rules } = outbox.engine
  const adapter = new OfflineAdapter(
    { local, outbox, remote: calls, rounds, pulls, backOff },
    { pullsFirst: pull !== 'manual', keepsBase: onConflict !== 'local' },
  )
  const store = createStore(() => adapter, {
    limits: rules.limits,
    namespaces: rules.explicitNamespaces ? 'explicit' : 'implicit',
    now: rules.hasOwnClock ? () => rules.now() : undefined,
  })
  // The store's own close waits for its calls, so whatever waits for the network must be stopped.
  const closeStore = store.close.bind(store)
  const close = (): Promise<void> => {
    const closing = closeStore()
    calls.stop()
    rounds.halt()
    pullRounds.stop()
    return closing
  }
  rounds.start()
  pullRounds.start()
  const members = {
    get status(): OfflineStatus {
      return status.current
    },
    subscribe: (listener: (event: OfflineEvent) => void): (() => void) => status.subscribe(listener),
    async flush(flushOptions?: { readonly signal?: AbortSignal | undefined }): Promise<OfflineStatus> {
      const { signal } = checkedOptions(flushOptions ?? {}, ['signal'], 'flush')
      await ownCall(store, {}, () => rounds.flush(signal))
      return status.current
    },
    async pull(address: SessionAddress): Promise<void> {
      const place = outbox.place(store.session(address).address as CheckedAddress)
      // A call on the whole store, so that later calls on the session do not wait for the network.
      await ownCall(store, {}, () => pulls.pull(place))
    },
    pending: () =>
      ownListing(store, {}, async ({ from, limit }) => {
        const { items, next } = await outbox.records(from, limit)
        const pending = items.filter(([, record]) => isPending(record))
        return {
          items: pending.map(([{ session }, { unsent }]) => ({
            address: session.address,
            names: [...unsent.keys()],
          })),
          next,
        }
      }),
    rejected: () => ownListing(store, {}, ({ from, limit }) => rejections.list(from, limit)),
    close,
    [Symbol.asyncDispose]: close,
  }
  return Object.defineProperties(store, Object.getOwnPropertyDescriptors(members)) as ContextStore &
    typeof members
}

function checkStore(name: string, store: unknown, such: string): ContextStore {
  if (typeof store === 'object' && store !== null && 'account' in store && 'session' in store) {
    return store as ContextStore
  }
  throw new InvalidOptionError(`${name}: must be a store, such as ${such}`)
}

/** Checks the option; returns the seconds between two pulls, if there are any. */
function checkPull(pull: unknown): number | undefined {
  if (pull === 'first-read' || pull === 'manual') return undefined
  const { everySeconds } = checkedOptions(pull as { everySeconds?: number }, ['everySeconds'], 'pull')
  if (
    everySeconds !== undefined &&
    Number.isInteger(everySeconds) &&
    everySeconds >= 1 &&
    everySeconds <= 86_400
  ) {
    return everySeconds
  }
  throw new InvalidOptionError(
    "pull: must be 'first-read', 'manual', or { everySeconds }, a whole number from 1 to 86400",
  )
}
