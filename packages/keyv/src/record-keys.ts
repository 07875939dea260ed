import { createHash } from 'node:crypto'
import type { CheckedAddress } from '@context-store/core/adapter'

/** The keys of a session's record and of its namespace's. */
export interface SessionKeys {
  readonly namespace: string
  readonly session: string
}

/**
 * The keys of a store's records in a Keyv.
 *
 * They are digests: all of the same length, without letters whose case a backend might fold, and without the `:` by which
 * Keyv recognizes its own prefix. A record contains what its key stands for, and reads compare it. The Keyv's namespace
 * is part of every digest, so that two Keyvs never share a record, even if they add no prefix to keys.
 */
export class RecordKeys {
  /** The index of the accounts. */
  readonly accounts: string
  /** The index of the deleted namespaces that still have sessions to remove. */
  readonly deleted: string
  readonly #keyvNamespace: string | undefined

  constructor(keyvNamespace: string | undefined) {
    this.#keyvNamespace = keyvNamespace
    this.accounts = this.#key('i', 'accounts')
    this.deleted = this.#key('i', 'deleted')
  }

  /** The keys of an address, cached in its memo. */
  of(address: CheckedAddress): SessionKeys {
    const { account, namespace, session } = address
    address.memo ??= {
      namespace: this.namespace(account, namespace),
      session: this.session(account, namespace, session),
    }
    return address.memo as SessionKeys
  }

  /** The record of a namespace. */
  namespace(account: string, namespace: string): string {
    return this.#key('n', account, namespace)
  }

  /** The record of a session. */
  session(account: string, namespace: string, session: string): string {
    return this.#key('s', account, namespace, session)
  }

  /** The index of an account's namespaces. */
  namespaces(account: string): string {
    return this.#key('i', 'namespaces', account)
  }

  /** The index of the sessions of one generation of a namespace. */
  sessions(generation: string): string {
    return this.#key('i', 'sessions', generation)
  }

  #key(kind: string, ...parts: readonly string[]): string {
    return `context-store-${kind}-${digest(JSON.stringify([this.#keyvNamespace ?? null, ...parts]))}`
  }
}

/** The SHA-256 of a text, in hexadecimal digits. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
