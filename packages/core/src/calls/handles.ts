import type { Account, ContextStore, Namespace, Session, SessionAddress } from '../api/context-store.ts'
import { UnsupportedError } from '../api/errors.ts'
import { clearIf, patchIf } from '../operations/conditional-operations.ts'
import * as namespaces from '../operations/namespace-operations.ts'
import * as sessions from '../operations/session-operations.ts'
import { update } from '../operations/update-operation.ts'
import type { CheckedAddress } from '../port/checked-address.ts'
import type { ListRequest, SessionListRequest } from '../port/storage-adapter.ts'
import { checkAddress, checkId, checkSession } from '../rules/check-address.ts'
import { checkedOptions } from '../rules/options.ts'
import { Address } from './address.ts'
import { argumentError } from './call-error.ts'
import { type Side, walkThrough } from './side.ts'

/** A method that accepts any arguments, since callers may pass anything, and returns what its side returns. */
type AnyMethod = { call(...args: unknown[]): unknown }['call']

/** An interface of the API as both sides implement it: arguments unchecked, results plain values or promises. */
export type Unchecked<T> = {
  readonly [M in keyof T]: T[M] extends (...args: never) => unknown ? AnyMethod : T[M]
}

/** A store: its synchronous or its asynchronous side. */
export class StoreHandle implements Unchecked<ContextStore & Disposable> {
  readonly #side: Side

  constructor(side: Side) {
    this.#side = side
  }

  /** Returns the side of a store that this copy of core created; throws an `UnsupportedError` for any other store. */
  static sideOf(store: object): Side {
    if (#side in store) return store.#side
    throw new UnsupportedError('the store was not made by this copy of @context-store/core')
  }

  account(id: unknown): unknown {
    return new AccountHandle(this.#side, checkId('account', id, this.#side.state.names))
  }

  session(address: unknown): unknown {
    try {
      return new SessionHandle(this.#side, new Address(...checkAddress(address, this.#side.state.names)))
    } catch (error) {
      throw argumentError(error, {})
    }
  }

  accounts(): unknown {
    const side = this.#side
    return side.items(() => walkThrough<object, ListRequest>(side, namespaces.sliceOfAccounts, {}, {}))
  }

  ready(): unknown {
    return this.#side.ask(namespaces.ready, {})
  }

  close(): unknown {
    return this.#side.close()
  }

  [Symbol.dispose](): unknown {
    return this.#side.close()
  }

  [Symbol.asyncDispose](): unknown {
    return this.#side.close()
  }
}

class AccountHandle implements Unchecked<Account> {
  readonly id: string
  readonly #side: Side

  constructor(side: Side, id: string) {
    this.#side = side
    this.id = id
  }

  namespace(name: unknown): unknown {
    return new NamespaceHandle(this.#side, this.id, checkId('namespace', name, this.#side.state.names))
  }

  namespaces(): unknown {
    const side = this.#side
    const scope = { account: this.id }
    return side.items(() => walkThrough(side, namespaces.sliceOfNamespaces, scope, {}))
  }
}

class NamespaceHandle implements Unchecked<Namespace> {
  readonly name: string
  readonly #side: Side
  readonly #scope: namespaces.NamespaceScope

  constructor(side: Side, account: string, name: string) {
    this.#side = side
    this.#scope = { account, namespace: name }
    this.name = name
  }

  session(id?: unknown): unknown {
    const session = checkSession(id, this.#side.state.names)
    return new SessionHandle(this.#side, new Address(this.#scope.account, this.name, session))
  }

  create(options?: unknown): unknown {
    return this.#side.ask(namespaces.createNamespace, this.#scope, options)
  }

  delete(): unknown {
    return this.#side.ask(namespaces.deleteNamespace, this.#scope)
  }

  info(): unknown {
    return this.#side.ask(namespaces.namespaceInfo, this.#scope)
  }

  sessions(options?: unknown): unknown {
    const side = this.#side
    const properties = this.#wantedProperties(options)
    return side.items(() => walkThrough(side, namespaces.sliceOfSessions, this.#scope, { properties }))
  }

  listSessions(options?: unknown): unknown {
    return this.#side.ask(namespaces.listSessions, this.#scope, options)
  }

  #wantedProperties(options: unknown): SessionListRequest['properties'] {
    const { state } = this.#side
    try {
      state.check()
      const known = checkedOptions(options as Partial<SessionListRequest> | undefined, ['properties'])
      return namespaces.wantedProperties(state, known.properties)
    } catch (error) {
      throw argumentError(error, this.#scope)
    }
  }
}

class SessionHandle implements Unchecked<Session> {
  readonly #side: Side
  readonly #address: CheckedAddress

  constructor(side: Side, address: CheckedAddress) {
    this.#side = side
    this.#address = address
  }

  get address(): Required<SessionAddress> {
    const { account, namespace, session } = this.#address
    return { account, namespace, session }
  }

  get(name: unknown): unknown {
    return this.#side.ask(sessions.get, this.#address, name)
  }

  getMany(names: unknown): unknown {
    return this.#side.ask(sessions.getMany, this.#address, names)
  }

  getAll(): unknown {
    return this.#side.ask(sessions.getAll, this.#address)
  }

  patch(properties: unknown, options?: unknown): unknown {
    return this.#side.ask(sessions.patch, this.#address, properties, options)
  }

  patchIf(expected: unknown, properties: unknown, options?: unknown): unknown {
    return this.#side.ask(patchIf, this.#address, expected, properties, options)
  }

  update(names: unknown, change: unknown, options?: unknown): unknown {
    return this.#side.ask(update, this.#address, names, change, options)
  }

  delete(names: unknown): unknown {
    return this.#side.ask(sessions.deleteProperties, this.#address, names)
  }

  clear(): unknown {
    return this.#side.ask(sessions.clear, this.#address)
  }

  clearIf(expected: unknown): unknown {
    return this.#side.ask(clearIf, this.#address, expected)
  }

  info(): unknown {
    return this.#side.ask(sessions.info, this.#address)
  }
}
