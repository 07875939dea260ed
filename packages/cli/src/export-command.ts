import type { ContextStore, Namespace, NamespaceInfo, SessionInfo } from '@context-store/core'
import type { Command } from './arguments.ts'
import { listsIdsAlone, type OpenStore, withStore } from './open-store.ts'
import { printLine } from './output.ts'
import { Progress } from './progress.ts'

/** Sessions that are read at once: enough to fill a network's round trip, and few megabytes. */
const atOnce = 64

/** Prints what a store holds, a namespace or a session a line. */
export function exportCommand(command: Extract<Command, { readonly name: 'ls' | 'export' }>): Promise<void> {
  return withStore(command.target, false, async (store) => {
    const progress = new Progress('exported', { prints: true })
    const accounts = command.account === undefined ? store.accounts() : [command.account]
    for await (const account of accounts) {
      for await (const info of namespacesOf(store, account, command.namespace)) {
        const { name: namespace, ttlSeconds } = info
        await printLine({ account, namespace, ...(ttlSeconds !== undefined && { ttlSeconds }) })
        for await (const sessions of inGroups(sessionsOf(store, account, namespace))) {
          const lines = await Promise.all(
            sessions.map((session) => lineOf(store.account(account).namespace(namespace), session, info)),
          )
          for (const line of lines) if (line !== undefined) await printLine({ account, namespace, ...line })
          progress.add(lines.length)
        }
      }
    }
    progress.end()
  })
}

async function* namespacesOf(
  store: ContextStore,
  account: string,
  name: string | undefined,
): AsyncGenerator<NamespaceInfo> {
  if (name === undefined) {
    yield* store.account(account).namespaces()
  } else {
    const info = await store.account(account).namespace(name).info()
    if (info !== undefined) yield info
  }
}

/** A namespace's sessions, as far as the store tells of them. */
async function* sessionsOf(
  store: OpenStore,
  account: string,
  namespace: string,
): AsyncGenerator<Pick<SessionInfo, 'id' | 'ttlSeconds'> & { readonly isWhole: boolean }> {
  if (listsIdsAlone(store)) {
    for await (const id of store.sessionIds(account, namespace)) yield { id, isWhole: false }
  } else {
    for await (const info of store.account(account).namespace(namespace).sessions()) {
      yield { ...info, isWhole: true }
    }
  }
}

/** A session as it is now; `undefined`: it is gone meanwhile. */
async function lineOf(
  namespace: Namespace,
  session: Pick<SessionInfo, 'id' | 'ttlSeconds'> & { readonly isWhole: boolean },
  info: NamespaceInfo,
): Promise<object | undefined> {
  const properties = await namespace.session(session.id).getAll()
  const isEmpty = Object.keys(properties).length === 0
  if (isEmpty && (!session.isWhole || session.ttlSeconds === undefined)) return undefined
  // What a session has of its namespace it gets there again; what lasts in spite of it states so.
  const isOwn = session.isWhole && session.ttlSeconds !== info.ttlSeconds
  return {
    session: session.id,
    properties,
    ...(isOwn && { ttlSeconds: session.ttlSeconds ?? 0 }),
  }
}

async function* inGroups<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let group: T[] = []
  for await (const item of items) {
    group.push(item)
    if (group.length < atOnce) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
