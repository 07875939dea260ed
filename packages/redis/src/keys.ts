import type { CheckedAddress } from '@context-store/core/adapter'

/** The number of buckets that a namespace's sessions are spread over; part of the layout. */
export const bucketCount = 16

/**
 * The keys of one bucket of a namespace. They share a hash tag, and therefore a slot of a Cluster.
 *
 * A key consists of the store's prefix, the hash tag, a letter for the kind, the account and the namespace, each
 * preceded by its length, and for a session its id. It can be parsed in only one way, so no two addresses share a key.
 */
export interface BucketKeys {
  /** The bucket's copy of the namespace's record. */
  readonly record: string
  /** The ids of the bucket's sessions, sorted. */
  readonly index: string
  /** The prefix of the keys of the bucket's sessions. */
  readonly sessions: string
  /** The ids of a deleted generation of the namespace whose sessions are still to be removed. */
  swept(generation: string): string
}

/** The keys of the directory, which share one slot. */
export interface DirectoryKeys {
  /** The version of the layout. */
  readonly layout: string
  /** The last revision used. */
  readonly revision: string
  /** The accounts that have a namespace. */
  readonly accounts: string
  /** Deleted namespaces of which some buckets have no tombstone yet. */
  readonly ending: string
  /** Deleted generations that still have sessions to remove. */
  readonly sweeping: string
  /** The names of an account's namespaces. */
  names(account: string): string
  /** The records of an account's namespaces. */
  records(account: string): string
}

/** The directory's keys under a prefix. */
export function directoryKeys(prefix: string): DirectoryKeys {
  const slot = `${prefix}{directory}`
  return {
    layout: `${slot}layout`,
    revision: `${slot}revision`,
    accounts: `${slot}accounts`,
    ending: `${slot}ending`,
    sweeping: `${slot}sweeping`,
    names: (account) => `${slot}names:${account}`,
    records: (account) => `${slot}records:${account}`,
  }
}

/** The part of a key that names a namespace. */
export function namespacePart(account: string, namespace: string): string {
  return `${account.length}:${account}${namespace.length}:${namespace}`
}

/** The keys of a bucket. */
export function bucketKeys(prefix: string, part: string, bucket: number): BucketKeys {
  const slot = `${prefix}{${hash(part).toString(36)}.${bucket}}`
  return {
    record: `${slot}n${part}`,
    index: `${slot}i${part}`,
    sessions: `${slot}s${part}`,
    swept: (generation) => `${slot}d${part}${generation}`,
  }
}

/** The bucket of a session. */
export function bucketOf(session: string): number {
  return hash(session) % bucketCount
}

/** The keys of a session and of its bucket. */
export class SessionKeys {
  readonly part: string
  readonly bucket: number
  readonly record: string
  readonly index: string
  readonly session: string

  constructor(prefix: string, address: Omit<CheckedAddress, 'memo'>) {
    this.part = namespacePart(address.account, address.namespace)
    this.bucket = bucketOf(address.session)
    const { record, index, sessions } = bucketKeys(prefix, this.part, this.bucket)
    this.record = record
    this.index = index
    this.session = sessions + address.session
  }
}

/** FNV-1a, 32 bits, with a final mix so that the low bits depend on the whole text. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  return (value ^ (value >>> 16)) >>> 0
}
