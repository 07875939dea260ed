import type { Properties, SessionLife } from '@context-store/core'
import { CreationOrder, type Ordered } from './creation-order.ts'

/** One account: there while it has a namespace. */
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

/** One session. A million of these stand in memory at once: as few fields as it takes. */
export class SessionRecord implements Ordered {
  readonly id: string
  readonly sequence: number
  readonly namespace: NamespaceRecord
  /** Own members only are properties; values are nobody else's. */
  properties: Properties = {}
  /** Whether there are none. */
  empty = true
  /** Never less than the number of properties. */
  countBound = 0
  /** Names of the properties that may be objects or arrays, which have to be copied out; all of them, or more than a few. */
  nested: readonly string[] = noNames
  /** Never less than the length as compact JSON. */
  lengthBound = 2
  createdAt: number
  /** Set where a time to live is stated or in force; else the session is for ever, by its namespace. */
  life: SessionLife | undefined
  alive = true
  /** Neighbours by use, and the estimate of its size, where the store is bounded. */
  older: SessionRecord | undefined
  newer: SessionRecord | undefined
  bytes = 0

  constructor(id: string, sequence: number, namespace: NamespaceRecord, createdAt: number) {
    this.id = id
    this.sequence = sequence
    this.namespace = namespace
    this.createdAt = createdAt
  }
}
