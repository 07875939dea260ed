import type { Properties } from '@context-store/core'
import type { SessionLife } from '@context-store/core/adapter'
import { CreationOrder, type Ordered } from './creation-order.ts'

/** One account; it exists while it has a namespace. */
export class AccountRecord implements Ordered {
  readonly id: string
  readonly sequence: number
  readonly namespaces: Map<string, NamespaceRecord> = new Map()
  readonly order: CreationOrder<NamespaceRecord> = new CreationOrder()
  alive = true

  constructor(id: string, sequence: number) {
    this.id = id
    this.sequence = sequence
  }
}

/** One namespace with its sessions. */
export class NamespaceRecord implements Ordered {
  readonly name: string
  readonly sequence: number
  readonly createdAt: number
  readonly sessions: Map<string, SessionRecord> = new Map()
  readonly order: CreationOrder<SessionRecord> = new CreationOrder()
  ttlSeconds = 0
  alive = true

  constructor(name: string, sequence: number, createdAt: number) {
    this.name = name
    this.sequence = sequence
    this.createdAt = createdAt
  }
}

const noNames: readonly string[] = []

/** One session. There may be millions, so it has as few fields as possible. */
export class SessionRecord implements Ordered {
  readonly id: string
  readonly sequence: number
  readonly namespace: NamespaceRecord
  /** Only own members are properties; nothing else refers to the values. */
  properties: Properties = {}
  /** Whether there are no properties. */
  empty = true
  /** An upper bound for the number of properties. */
  countBound = 0
  /** Names of the properties that may be objects or arrays, which are copied when read. Incomplete if there are many. */
  nested: readonly string[] = noNames
  /** An upper bound for the length as compact JSON. */
  lengthBound = 2
  createdAt: number
  /** Set if a time to live was stated or is in force; otherwise the session never expires. */
  life: SessionLife | undefined
  alive = true
  /** Neighbours by use, and the estimated size in bytes, in a bounded store. */
  older: SessionRecord | undefined
  newer: SessionRecord | undefined
  bytes = 0

  constructor(id: string, sequence: number, namespace: NamespaceRecord, createdAt: number) {
    this.id = id
    this.sequence = sequence
    this.namespace = namespace
    this.createdAt = createdAt
  }

  /** Releases the session's data. */
  clear(): void {
    this.alive = false
    this.properties = {}
    this.nested = noNames
    this.bytes = 0
    this.older = undefined
    this.newer = undefined
  }
}

/** What a store keeps for a session besides its properties. */
export function lifeOf({ createdAt, life }: SessionRecord): SessionLife {
  return life ?? { createdAt, ttlSeconds: 0, ownTtl: false, expiresAt: undefined }
}
