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
   * Where everything is kept on this device: a store of `indexedDbStore`, `sqliteStore` or `memoryStore` (without
   * bounds). Private to the offline store from then on: what is written to it directly is never sent. Its limits, its
   * `namespaces` and its clock are those of the offline store.
   */
  readonly local: ContextStore
  /** The store that this device's is merged with, usually a `restStore`. */
  readonly remote: ContextStore
  /**
   * What becomes of a property that this device has changed and another writer too. `local`, the default: this
   * device's value is sent, and the remote store is not read for that. `remote`: the remote value is taken. A function
   * gives a value, or `absent`; it may be called again. Where the remote store has no conditions, as over REST, what is
   * written there between the look and the sending is overwritten. State it from the start: what the remote store had
   * is kept only from then on.
   */
  readonly onConflict?: 'local' | 'remote' | ((conflict: Conflict) => JsonValue | typeof absent) | undefined
  /**
   * When a session is read from the remote store. `first-read`, the default: at its first read, `update` or conditional write on this device,
   * which waits up to two seconds for it, and at a later one if that failed. `manual`: only with `pull()`. Or
   * every so many seconds, 1 to 86,400, for the sessions that are kept here, those that were not read for longest first; the first read asks then, too.
   */
  readonly pull?:
    | 'first-read'
    | 'manual'
    | {
        /** Whole seconds, 1 to 86,400. */
        readonly everySeconds: number
      }
    | undefined
  /** When it is sent. `background`, the default: soon after a write, and again for ever if that failed. `manual`: only with `flush()`. */
  readonly push?: 'background' | 'manual' | undefined
}

/** A store that works without a network, see {@link offlineStore}. */
export interface OfflineStore extends ContextStore {
  /** How it stands: a frozen object, a new one at each change; with `subscribe` it fits React's `useSyncExternalStore`. */
  readonly status: OfflineStatus
  /**
   * Calls `listener` for everything that happens, until the returned function is called. What it throws is reported as
   * an uncaught error and disturbs nothing.
   */
  subscribe(listener: (event: OfflineEvent) => void): () => void
  /**
   * Makes one attempt to send all that is unsent, that of other tabs too. Never rejects for want of a network: the
   * status says how it went.
   *
   * @param options - `signal` ends it early
   * @returns the status afterwards
   */
  flush(options?: { readonly signal?: AbortSignal | undefined }): Promise<OfflineStatus>
  /**
   * Reads a session from the remote store and changes here what is not unsent.
   *
   * @throws what the remote store's read throws, such as `StoreUnavailableError`
   */
  pull(address: SessionAddress): Promise<void>
  /** The sessions with something unsent, whoever of this device wrote it, and which of their properties. */
  pending(): AsyncIterable<PendingWrites>
  /** What was set aside since the remote store refuses it for good, or `onConflict` threw. */
  rejected(): AsyncIterable<RejectedWrite>
}

/**
 * A store that works without a network: it reads and writes on this device, and sends what was written when it can,
 * merged property by property with what others wrote. An awaited write is as durable as in the local store, whatever
 * the network does. `patchIf`, `clearIf` and `update` decide on this device's copy: two devices can both win a claim.
 * `namespace.delete()` needs the network. Closing it closes both stores, and waits for no network.
 *
 * @throws `InvalidOptionError` for an unknown option or an invalid value of one
 * @throws `UnsupportedError` for a local store that has no atom of several sessions
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
  const local = checkStore('local', given.local, 'of indexedDbStore, sqliteStore or memoryStore')
  const remote = checkStore('remote', given.remote, 'of restStore')
  if (local === remote) throw new InvalidOptionError('remote: must be another store than local')
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
  // What waits for the network must not hold up the end of the calls that the store's own close waits for.
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
      // About the whole store, and not about its session: later calls on that need not wait for the network.
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
  throw new InvalidOptionError(`${name}: must be a store, such as one ${such}`)
}

/** Checks the option; the seconds between two pulls, where there are some. */
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
