import { createHash } from 'node:crypto'

/**
 * The keys of a store's records in a Keyv.
 *
 * Digests: of one length, without a letter that a backend might fold and without the `:` at which Keyv looks for
 * its own prefix. What a record stands for is in the record, and compared. The Keyv's namespace is part of all, so
 * that two Keyvs never meet, even where they put no prefix before keys.
 */
export class RecordKeys {
  /** The index of the accounts. */
  readonly accounts: string
  /** The index of the namespaces that were deleted and still have sessions to remove. */
  readonly deleted: string
  readonly #keyvNamespace: string | undefined

  constructor(keyvNamespace: string | undefined) {
    this.#keyvNamespace = keyvNamespace
    this.accounts = this.#key('i', 'accounts')
    this.deleted = this.#key('i', 'deleted')
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

  /** The index of the sessions of a namespace, of one generation. */
  sessions(generation: string): string {
    return this.#key('i', 'sessions', generation)
  }

  #key(kind: string, ...parts: readonly string[]): string {
    return `context-store-${kind}-${digest(JSON.stringify([this.#keyvNamespace ?? null, ...parts]))}`
  }
}

/** A place among 2^256, in hexadecimal digits: the same for the same text, and no two texts are known to share one. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
