import type { ContextStore, Properties, Session } from '@context-store/core'
import fc from 'fast-check'
import { collect } from './check.ts'
import type { CaseContext, Row } from './conformance-case.ts'
import type { Changes, Expectations, Model, Place } from './model.ts'

/** A store under test, with the handles that a program keeps. */
export interface Subject {
  /** The store. */
  readonly store: ContextStore
  /** Handles by address, so that some calls use an old handle. */
  readonly kept: Map<string, Session>
}

/** One step of a random program, on a store and on the model; each returns what it observed. */
export interface Step {
  /** The row that fails if the two differ. */
  readonly row: Row
  /** Takes the step on a store. */
  onStore(subject: Subject): Promise<unknown>
  /** Takes the step on the model. */
  onModel(model: Model): unknown
  /** A description of the step. */
  toString(): string
}

/** A session, through a new handle or one that the program has kept. */
export interface At {
  /** Its address. */
  readonly place: Place
  /** Whether to use a new handle. */
  readonly fresh: boolean
}

function sessionAt({ store, kept }: Subject, { place, fresh }: At): Session {
  if (fresh) return store.session(place)
  const key = JSON.stringify(place)
  const handle = kept.get(key) ?? store.session(place)
  kept.set(key, handle)
  return handle
}

/** Patches a session. */
export function patchStep(at: At, changes: Changes, ttlSeconds: number | undefined): Step {
  return {
    row: 'patch',
    onStore: (subject) => sessionAt(subject, at).patch(Object.fromEntries(changes), { ttlSeconds }),
    onModel: (model) => void model.patch(at.place, [], changes, ttlSeconds),
    toString: () => `patch(${inWords(at.place, changes, ttlSeconds)})`,
  }
}

/** Patches a session with a condition. */
export function patchIfStep(
  at: At,
  expected: Expectations,
  changes: Changes,
  ttlSeconds: number | undefined,
): Step {
  return {
    row: 'patchIf',
    onStore: (subject) =>
      sessionAt(subject, at).patchIf(Object.fromEntries(expected), Object.fromEntries(changes), {
        ttlSeconds,
      }),
    onModel: (model) => model.patch(at.place, expected, changes, ttlSeconds),
    toString: () => `patchIf(${inWords(at.place, expected, changes, ttlSeconds)})`,
  }
}

/** Ends a session with a condition. */
export function clearIfStep(at: At, expected: Expectations): Step {
  return {
    row: 'patchIf',
    onStore: (subject) => sessionAt(subject, at).clearIf(Object.fromEntries(expected)),
    onModel: (model) => model.clearIf(at.place, expected),
    toString: () => `clearIf(${inWords(at.place, expected)})`,
  }
}

/** An update that writes if it finds fewer than two of its properties. */
export function updateStep(
  at: At,
  names: readonly string[],
  changes: Changes,
  ttlSeconds: number | undefined,
): Step {
  const change = (current: Properties): Changes | undefined =>
    Object.keys(current).length < 2 ? changes : undefined
  return {
    row: 'update',
    onStore: (subject) => {
      const asked = (current: Partial<Properties>) => change(current as Properties)
      return sessionAt(subject, at).update(
        names,
        (current) => {
          const found = asked(current)
          return found && Object.fromEntries(found)
        },
        { ttlSeconds },
      )
    },
    onModel: (model) => {
      const found = change(model.read(at.place, names))
      if (found !== undefined) model.patch(at.place, [], found, ttlSeconds)
      return model.read(at.place, names)
    },
    toString: () => `update(${inWords(at.place, names, changes, ttlSeconds)})`,
  }
}

/** Reads some properties of a session, or all. */
export function readStep(at: At, names: readonly string[] | undefined): Step {
  return {
    row: 'patch',
    onStore: (subject) => {
      const session = sessionAt(subject, at)
      return names === undefined ? session.getAll() : session.getMany(names)
    },
    onModel: (model) => model.read(at.place, names),
    toString: () =>
      names === undefined ? `getAll(${inWords(at.place)})` : `getMany(${inWords(at.place, names)})`,
  }
}

/** Reads one property. */
export function getStep(at: At, name: string): Step {
  return {
    row: 'property names',
    onStore: (subject) => sessionAt(subject, at).get(name),
    onModel: (model) => Object.entries(model.read(at.place)).find(([own]) => own === name)?.[1],
    toString: () => `get(${inWords(at.place, name)})`,
  }
}

/** Removes some properties. */
export function deleteStep(at: At, names: readonly string[]): Step {
  return {
    row: 'existence',
    onStore: (subject) => sessionAt(subject, at).delete(names),
    onModel: (model) => model.delete(at.place, names),
    toString: () => `delete(${inWords(at.place, names)})`,
  }
}

/** Ends a session. */
export function clearStep(at: At): Step {
  return {
    row: 'existence',
    onStore: (subject) => sessionAt(subject, at).clear(),
    onModel: (model) => model.clear(at.place),
    toString: () => `clear(${inWords(at.place)})`,
  }
}

/** Reads the info of a session. */
export function infoStep(at: At): Step {
  return {
    row: 'time to live',
    onStore: (subject) => sessionAt(subject, at).info(),
    onModel: (model) => model.info(at.place),
    toString: () => `info(${inWords(at.place)})`,
  }
}

/** Creates a namespace. */
export function createStep({ account, namespace }: Place, ttlSeconds: number | undefined): Step {
  return {
    row: 'idempotence',
    onStore: ({ store }) => store.account(account).namespace(namespace).create({ ttlSeconds }),
    onModel: (model) => model.create(account, namespace, ttlSeconds),
    toString: () => `create(${inWords(account, namespace, ttlSeconds)})`,
  }
}

/** Deletes a namespace. */
export function deleteNamespaceStep({ account, namespace }: Place): Step {
  return {
    row: 'existence',
    onStore: ({ store }) => store.account(account).namespace(namespace).delete(),
    onModel: (model) => model.deleteNamespace(account, namespace),
    toString: () => `deleteNamespace(${inWords(account, namespace)})`,
  }
}

/** Reads the info of a namespace, and lists the namespaces of its account. */
export function namespaceStep({ account, namespace }: Place): Step {
  return {
    row: 'listings',
    onStore: async ({ store }) => ({
      info: await store.account(account).namespace(namespace).info(),
      all: sorted(await collect(store.account(account).namespaces()), (info) => info.name),
    }),
    onModel: (model) => ({
      info: model.namespaceInfo(account, namespace),
      all: sorted(model.namespaces(account), (info) => info.name),
    }),
    toString: () => `namespaces(${inWords(account, namespace)})`,
  }
}

/** Lists the accounts. */
export function accountsStep(): Step {
  return {
    row: 'listings',
    onStore: async ({ store }) => (await collect(store.accounts())).sort(),
    onModel: (model) => model.accounts().sort(),
    toString: () => 'accounts()',
  }
}

/** Walks the sessions of a namespace, page by page. */
export function sessionsStep({ account, namespace }: Omit<Place, 'session'>, limit: number): Step {
  return {
    row: 'listings',
    onStore: async ({ store }) => {
      const handle = store.account(account).namespace(namespace)
      let page = await handle.listSessions({ limit })
      const items = [...page.items]
      while (page.cursor !== undefined && items.length < 1000) {
        page = await handle.listSessions({ limit, cursor: page.cursor })
        items.push(...page.items)
      }
      return sorted(items, (info) => info.id)
    },
    onModel: (model) => sorted(model.sessions(account, namespace), (info) => info.id),
    toString: () => `sessions(${inWords(account, namespace, limit)})`,
  }
}

/** Lists the sessions of a namespace with their properties: all, or the named ones. */
export function propertiesStep(
  { account, namespace }: Omit<Place, 'session'>,
  properties: true | readonly string[],
): Step {
  return {
    row: 'listings',
    onStore: async ({ store }) => {
      const all = await collect(store.account(account).namespace(namespace).sessions({ properties }))
      return sorted(all, (info) => info.id)
    },
    onModel: (model) => {
      const all = model.sessions(account, namespace).map((info) => ({
        ...info,
        properties: model.read(
          { account, namespace, session: info.id },
          properties === true ? undefined : properties,
        ),
      }))
      return sorted(all, (info) => info.id)
    },
    toString: () => `sessions(${inWords(account, namespace, properties)})`,
  }
}

/** Moves the clock. */
export function clockStep(seconds: number, { clock }: CaseContext): Step {
  return {
    row: 'the clock',
    onStore: async () => clock.set(clock.now() + seconds * 1000),
    // The model shares the clock, which has been moved already.
    onModel: () => undefined,
    toString: () => `advance(${seconds})`,
  }
}

function sorted<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  return [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
}

function inWords(...parts: readonly unknown[]): string {
  return parts.map((part) => fc.stringify(part)).join(', ')
}
