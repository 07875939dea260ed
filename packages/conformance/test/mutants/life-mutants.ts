import type { JsonValue, SessionInfo } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  createStore,
  type LifeEvent,
  namespaceNotFound,
  type PatchRequest,
  type SessionLife,
  type WriteOutcome,
} from '@context-store/core/adapter'
import { PlainAdapter, type PlainNamespace, type PlainSession } from '../plain-adapter.ts'
import { promised } from '../promised.ts'
import { type Mutant, ofAdapter, ofBothSides, ofStore } from './mutant.ts'

/** A plain adapter that decides a session's life from an altered event. */
abstract class MistakenLife extends PlainAdapter {
  abstract mistake(event: LifeEvent, address: CheckedAddress): LifeEvent

  override live(
    namespace: PlainNamespace,
    address: CheckedAddress,
    properties: Map<string, JsonValue>,
    event: LifeEvent,
  ): void {
    super.live(namespace, address, properties, this.mistake(event, address))
  }
}

export const lifeMutants: readonly Mutant[] = [
  {
    name: 'reclaims in two steps: looks for what expired, and removes it some ticks later',
    rows: ['time to live'],
    create: (options) =>
      createStore((rules) => {
        const adapter = new PlainAdapter(rules)
        const reclaim = async (): Promise<boolean> => {
          const all = [...adapter.namespaces.values()].flatMap(({ sessions }) =>
            [...sessions].map(([key, session]) => ({ sessions, key, session })),
          )
          const over = all.filter(({ session }) => adapter.isOver(session.life))
          for (let tick = 0; tick < 4; tick++) await new Promise(setImmediate)
          for (const { sessions, key } of over) sessions.delete(key)
          return true
        }
        return { ...promised(adapter), reclaim }
      }, options),
  },
  ofAdapter(
    'forgets the time to live with the next patch',
    ['time to live'],
    class extends MistakenLife {
      mistake(event: LifeEvent): LifeEvent {
        return { ...event, before: event.before && { ...event.before, ownTtl: false } }
      }
    },
  ),
  ofBothSides(
    'treats a time to live of 0 as not stated',
    ['time to live', 'existence'],
    class extends MistakenLife {
      mistake(event: LifeEvent): LifeEvent {
        return { ...event, statedTtl: event.statedTtl || undefined }
      }
    },
  ),
  ofAdapter(
    'lengthens the time to live with a deletion',
    ['time to live'],
    class extends PlainAdapter {
      override deleteProperties(address: CheckedAddress, names: readonly string[]): void {
        super.deleteProperties(address, names)
        const session = this.find(address)
        const { ttlSeconds = 0 } = session?.life ?? {}
        if (session !== undefined && ttlSeconds > 0) {
          session.life = { ...session.life, expiresAt: this.time() + ttlSeconds * 1000 }
        }
      }
    },
  ),
  ofAdapter(
    'does not restart the time to live with an empty patch',
    ['time to live', 'existence'],
    class extends PlainAdapter {
      override patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
        const before = this.find(address)?.life
        const outcome = super.patch(address, request)
        const session = this.find(address)
        const isEmpty = request.changes.names.length === 0 && request.ttlSeconds === undefined
        if (isEmpty && before !== undefined && session !== undefined) session.life = before
        return outcome
      }
    },
  ),
  ofAdapter(
    'restarts the time to live with a read',
    ['time to live'],
    class extends PlainAdapter {
      override readProperty(address: CheckedAddress, name: string): JsonValue | undefined {
        const session = this.find(address)
        if (session?.life.expiresAt !== undefined) {
          session.life = { ...session.life, expiresAt: this.time() + session.life.ttlSeconds * 1000 }
        }
        return super.readProperty(address, name)
      }
    },
  ),
  ofAdapter(
    'applies a changed time to live of the namespace at once',
    ['time to live'],
    class extends PlainAdapter {
      override createNamespace(account: string, name: string, ttlSeconds: number | undefined): void {
        super.createNamespace(account, name, ttlSeconds)
        for (const session of this.sessionsOf({ account, namespace: name })?.values() ?? []) {
          if (ttlSeconds === undefined || session.life.ownTtl) continue
          const expiresAt = ttlSeconds === 0 ? undefined : this.time() + ttlSeconds * 1000
          session.life = { ...session.life, ttlSeconds, expiresAt }
        }
      }
    },
  ),
  ofAdapter(
    'removes the time to live of a namespace when it is created again',
    ['time to live'],
    class extends PlainAdapter {
      override createNamespace(account: string, name: string, ttlSeconds: number | undefined): void {
        super.createNamespace(account, name, ttlSeconds ?? 0)
      }
    },
  ),
  ofAdapter(
    'gives a recreated session the time to live of the previous one',
    ['existence', 'time to live'],
    class extends MistakenLife {
      readonly stated = new Map<string, number>()
      mistake(event: LifeEvent, address: CheckedAddress): LifeEvent {
        const key = this.keyOf(address.account, address.namespace, address.session)
        const statedTtl = event.statedTtl ?? this.stated.get(key)
        if (statedTtl !== undefined) this.stated.set(key, statedTtl)
        return { ...event, statedTtl }
      }
    },
  ),
  ofAdapter(
    'keeps a session alive at the instant of its expiry',
    ['time to live'],
    class extends PlainAdapter {
      override isOver(life: SessionLife): boolean {
        return life.expiresAt !== undefined && life.expiresAt < this.time()
      }
    },
  ),
  ofStore('rounds a time to live to whole seconds', ['time to live'], () => ({
    session: (session) => ({
      patch: (properties, { ttlSeconds } = {}) =>
        session.patch(properties, { ttlSeconds: ttlSeconds === 1.5 ? 1 : ttlSeconds }),
    }),
  })),
  ofAdapter(
    'merges into an expired session',
    ['existence', 'time to live'],
    class extends PlainAdapter {
      found: PlainSession | undefined
      override patch(address: CheckedAddress, request: PatchRequest): WriteOutcome {
        this.found = this.sessionsOf(address)?.get(this.keyOf(address.session))
        return super.patch(address, request)
      }
      override merge(_before: Map<string, JsonValue>, request: PatchRequest): Map<string, JsonValue> {
        return super.merge(new Map(this.found?.properties), request)
      }
    },
  ),
  ofAdapter(
    'leaves an empty session after the last property is removed',
    ['existence'],
    class extends PlainAdapter {
      override deleteProperties(address: CheckedAddress, names: readonly string[]): void {
        const session = this.find(address)
        for (const name of names) session?.properties.delete(name)
      }
    },
  ),
  ofAdapter(
    'creates a session with any patch',
    ['existence'],
    class extends MistakenLife {
      mistake(event: LifeEvent): LifeEvent {
        return { ...event, propertiesAfter: Math.max(1, event.propertiesAfter) }
      }
    },
  ),
  ofAdapter(
    'ends a namespace with its last session',
    ['existence'],
    class extends PlainAdapter {
      override end(address: CheckedAddress): void {
        super.end(address)
        if (this.sessionsOf(address)?.size === 0) this.deleteNamespace(address.account, address.namespace)
      }
    },
  ),
  ofAdapter(
    'keeps the sessions of a deleted namespace',
    ['existence', 'patch'],
    class extends PlainAdapter {
      readonly graves = new Map<string, PlainNamespace>()
      override deleteNamespace(account: string, name: string): void {
        const key = this.keyOf(account, name)
        const namespace = this.namespaces.get(key)
        if (namespace !== undefined) this.graves.set(key, namespace)
        super.deleteNamespace(account, name)
      }
      override begin(account: string, name: string): PlainNamespace {
        const namespace = super.begin(account, name)
        const key = this.keyOf(account, name)
        for (const [id, session] of this.graves.get(key)?.sessions ?? []) namespace.sessions.set(id, session)
        this.graves.delete(key)
        return namespace
      }
    },
  ),
  ofAdapter(
    'deletes the namespaces whose names start with the deleted name',
    ['existence'],
    class extends PlainAdapter {
      override deleteNamespace(account: string, name: string): void {
        for (const [key, namespace] of this.namespaces) {
          if (namespace.account === account && namespace.name.startsWith(name)) this.namespaces.delete(key)
        }
      }
    },
  ),
  {
    name: 'ignores that namespaces are explicit',
    rows: ['existence'],
    create: (options) => ofAdapter('', [], PlainAdapter).create({ ...options, namespaces: 'implicit' }),
  },
  ofAdapter(
    'refuses a deletion in an unknown namespace',
    ['existence', 'idempotence'],
    class extends PlainAdapter {
      override clearSession(address: CheckedAddress, expected: Condition | undefined): WriteOutcome {
        if (this.sessionsOf(address) === undefined) throw namespaceNotFound()
        return super.clearSession(address, expected)
      }
    },
  ),
  ofAdapter(
    'gives a namespace created again a new createdAt',
    ['idempotence'],
    class extends PlainAdapter {
      override createNamespace(account: string, name: string, ttlSeconds: number | undefined): void {
        super.createNamespace(account, name, ttlSeconds)
        this.begin(account, name).createdAt = this.time()
      }
    },
  ),
  ofAdapter(
    'gives a session a new createdAt with each patch',
    ['idempotence'],
    class extends MistakenLife {
      mistake(event: LifeEvent): LifeEvent {
        return { ...event, before: event.before && { ...event.before, createdAt: event.now } }
      }
    },
  ),
  ofAdapter(
    'uses the engine’s clock',
    ['the clock'],
    class extends PlainAdapter {
      override time(): number {
        return Date.now()
      }
    },
  ),
  ofAdapter(
    'lets the engine expire a session at an instant of the store’s clock',
    ['the clock'],
    class extends PlainAdapter {
      override isOver(life: SessionLife): boolean {
        return super.isOver(life) || (life.expiresAt !== undefined && life.expiresAt < Date.now())
      }
    },
  ),
  ofAdapter(
    'reports the namespace’s current time to live, not the one in force',
    ['time to live'],
    class extends PlainAdapter {
      override sessionInfo(address: CheckedAddress): SessionInfo | undefined {
        const info = super.sessionInfo(address)
        const ttlSeconds = this.namespaceInfo(address.account, address.namespace)?.ttlSeconds
        if (info?.ttlSeconds === undefined || ttlSeconds === undefined) return info
        return this.find(address)?.life.ownTtl ? info : { ...info, ttlSeconds }
      }
    },
  ),
]
