import type { ContextStore, JsonValue, Namespace } from '@context-store/core'
import type { Answer } from './answer.ts'
import type { JsonObject } from './body.ts'
import type { ServiceRules } from './profiles.ts'
import type { Query } from './query.ts'

/** A request in parsed form. */
export interface Call {
  readonly store: ContextStore
  readonly rules: ServiceRules
  /** Empty if the path has none; so are `namespace` and `name`. */
  readonly account: string
  /** The API key or the token of the request. */
  readonly key: string
  readonly namespace: string
  readonly session: string | undefined
  readonly name: string
  readonly query: Query
  /** The body; empty if the operation takes none. */
  readonly body: JsonObject
  /** The JSON value of the body; `null` if the operation takes none. */
  readonly value: JsonValue
  /** Throws if the request's token is not valid for the account; for paths without an account. */
  readonly authorize: (account: string) => void
}

/** A method at a path: a row of docs/rest-contract.md. */
export interface Operation {
  /** What the body must contain. */
  readonly takes: 'nothing' | 'object' | 'value'
  readonly run: (call: Call) => Promise<Answer>
}

/** The namespace that the path of a call names. */
export function namespaceOf({ store, account, namespace }: Call): Namespace {
  return store.account(account).namespace(namespace)
}
