import type { AddressKey, SessionAddress } from '@context-store/core'

/** Over how many buckets, each in a hash slot of its own, the sessions of a namespace are spread; part of the layout. */
export const bucketCount = 16

/**
 * The keys of one bucket of a namespace; they share a hash tag, and so a slot of a Cluster.
 *
 * A key is the store's prefix, the hash tag, a letter for the kind, and the identifiers with their lengths
 * before them: read from the left there is one way to take it apart, so that no two addresses ever meet.
 */
export interface BucketKeys {
  /** The bucket's copy of the namespace's record. */
  readonly record: string
  /** The bucket's sessions, in the order of their ids. */
  readonly index: string
  /** What the keys of the bucket's sessions begin with. */
  readonly sessions: string
  /** The sessions that a deleted generation of the namespace left behind. */
  swept(generation: string): string
}

/** The keys of the directory, which is one slot. */
export interface DirectoryKeys {
  /** The version of the layout. */
  readonly layout: string
  /** The last revision given out. */
  readonly revision: string
  /** The accounts that have a namespace. */
  readonly accounts: string
  /** Namespaces that are deleted but have buckets without a tombstone. */
  readonly ending: string
  /** Generations whose sessions are not all removed yet. */
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

/** The account and the namespace that a part names. */
export function namespaceOf(part: string): [account: string, namespace: string] {
  const [account, rest] = counted(part)
  return [account, counted(rest)[0]]
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

  constructor(prefix: string, address: AddressKey) {
    this.part = namespacePart(address.account, address.namespace)
    this.bucket = bucketOf(address.session)
    const { record, index, sessions } = bucketKeys(prefix, this.part, this.bucket)
    this.record = record
    this.index = index
    this.session = sessions + address.session
  }
}

/** The address of a session, for errors. */
export function addressOf({ account, namespace, session }: AddressKey): Required<SessionAddress> {
  return { account, namespace, session }
}

function counted(text: string): [string, string] {
  const colon = text.indexOf(':')
  const end = colon + 1 + Number(text.slice(0, colon))
  return [text.slice(colon + 1, end), text.slice(end)]
}

/** FNV-1a, 32 bits, with a last mix so that its low bits depend on all of the text. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  return (value ^ (value >>> 16)) >>> 0
}
