import {
  absent,
  type JsonValue,
  type Namespace,
  type Properties,
  present,
  type Session,
} from '@context-store/core'

/** A change of a property, or what is expected of it: `absent` and `present` as in a store's calls. */
export type Stated =
  | 'absent'
  | 'present'
  | {
      /** The value. */
      readonly is: JsonValue
    }

/** Changes of properties, or what is expected of them, by name. */
export type StatedProperties = { readonly [name: string]: Stated }

/** A patch, with or without a condition. */
export interface PatchCall {
  /** `patch` has no condition. */
  readonly does: 'patch' | 'patchIf'
  /** The condition; `undefined`: none. */
  readonly expected?: StatedProperties | undefined
  /** The changes. */
  readonly changes: StatedProperties
  /** The time to live, if one is stated. */
  readonly ttlSeconds?: number | undefined
}

/** An `update` that adds 1 to a property, and writes nothing if the property exists and is not a number. */
export interface UpdateCall {
  /** The call. */
  readonly does: 'update'
  /** The properties that `change` gets, including `count`. */
  readonly names: readonly string[]
  /** The property that it adds 1 to. */
  readonly count: string
  /** The time to live, if one is stated. */
  readonly ttlSeconds?: number | undefined
}

/** The end of a session, with or without a condition. */
export interface ClearCall {
  /** `clear` has no condition. */
  readonly does: 'clear' | 'clearIf'
  /** The condition; `undefined`: none. */
  readonly expected?: StatedProperties | undefined
}

/** A call on some properties; `get` has one name. */
export interface NamesCall {
  /** The call. */
  readonly does: 'delete' | 'get' | 'getMany'
  /** The names. */
  readonly names: readonly string[]
}

/** A call without parameters, or one on the namespace. */
export interface PlainCall {
  /** The call. */
  readonly does: 'getAll' | 'info' | 'createNamespace' | 'deleteNamespace'
  /** The time to live of a namespace that is created, if one is stated. */
  readonly ttlSeconds?: number | undefined
}

/** A call on a session or its namespace, as data. */
export type SessionCall = PatchCall | UpdateCall | ClearCall | NamesCall | PlainCall

/** The change that `update` makes. */
export function counted(count: string, current: Properties): Properties | undefined {
  const before = Object.hasOwn(current, count) ? current[count] : 0
  return typeof before === 'number' ? { [count]: before + 1 } : undefined
}

/** Makes a call. It resolves with JSON, or `undefined`. */
export async function perform(call: SessionCall, session: Session, namespace: Namespace): Promise<unknown> {
  switch (call.does) {
    case 'patch':
      return session.patch(patchOf(call.changes), { ttlSeconds: call.ttlSeconds })
    case 'patchIf':
      return session.patchIf(expectedOf(call.expected ?? {}), patchOf(call.changes), {
        ttlSeconds: call.ttlSeconds,
      })
    case 'update':
      return session.update(call.names, (current) => counted(call.count, current as Properties), {
        ttlSeconds: call.ttlSeconds,
      })
    case 'clearIf':
      return session.clearIf(expectedOf(call.expected ?? {}))
    case 'delete':
      return session.delete(call.names)
    case 'getMany':
      return session.getMany(call.names)
    case 'get':
      return session.get(call.names[0] ?? '')
    case 'clear':
      return session.clear()
    case 'getAll':
      return session.getAll()
    case 'info': {
      const info = await session.info()
      return info && { ttlSeconds: info.ttlSeconds ?? 0 }
    }
    case 'deleteNamespace':
      return namespace.delete()
    case 'createNamespace':
      return namespace.create({ ttlSeconds: call.ttlSeconds })
  }
}

/** Whether a call is a read. */
export function isRead({ does }: SessionCall): boolean {
  return does === 'get' || does === 'getMany' || does === 'getAll' || does === 'info'
}

/** A JSON value as text, the same for equal values; `undefined` for `undefined`. */
export function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function patchOf(changes: StatedProperties): { [name: string]: JsonValue | typeof absent } {
  const entries = Object.entries(changes).map(([name, stated]): [string, JsonValue | typeof absent] => [
    name,
    typeof stated === 'string' ? absent : stated.is,
  ])
  return Object.fromEntries(entries)
}

function expectedOf(expected: StatedProperties): {
  [name: string]: JsonValue | typeof absent | typeof present
} {
  return Object.fromEntries(
    Object.entries(expected).map(([name, stated]) => {
      if (typeof stated !== 'string') return [name, stated.is]
      return [name, stated === 'absent' ? absent : present]
    }),
  )
}
