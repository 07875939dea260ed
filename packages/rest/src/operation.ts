import type { ContextStore, JsonValue, Namespace } from '@context-store/core'
import type { Answer } from './answer.ts'
import type { JsonObject } from './body.ts'
import type { ServiceRules } from './profiles.ts'
import type { Query } from './query.ts'

/** A request that has passed every check of form. */
export interface Call {
  readonly store: ContextStore
  readonly rules: ServiceRules
  /** Empty where the path names none; so are `namespace` and `name`. */
  readonly account: string
  readonly namespace: string
  readonly session: string | undefined
  readonly name: string
  readonly query: Query
  /** Empty where the operation takes none. */
  readonly body: JsonObject
  /** What a body of any JSON holds; `null` where the operation takes none. */
  readonly value: JsonValue
  /** Throws where the token of the request is not the account's: for a path that names no account. */
  readonly authorize: (account: string) => void
}

/** What can be done at a path: a row of WIRE.md. */
export interface Operation {
  /** What the body has to be. */
  readonly takes: 'nothing' | 'object' | 'value'
  readonly run: (call: Call) => Promise<Answer>
}

/** The namespace that the path of a call names. */
export function namespaceOf({ store, account, namespace }: Call): Namespace {
  return store.account(account).namespace(namespace)
}
