import type { NamespaceInfo, Properties } from '@context-store/core'
import type { RestStore } from '@context-store/rest/client'
import { listsOnlyIds, type OpenStore } from './open-store.ts'

/** Sessions of a REST service that are read at once: enough to fill a round trip of the network. */
const atOnce = 64

/** What `export` prints of a session, beside its account and its namespace. */
export interface SessionLine {
  /** Its id. */
  readonly session: string
  /** All its properties. */
  readonly properties: Properties
  /** The session's own time to live; `undefined`: the namespace's. */
  readonly ttlSeconds?: number
}

/** The sessions of a namespace, as `export` prints them; reads a page of the store at a time. */
export async function* sessionLines(
  store: OpenStore,
  account: string,
  info: NamespaceInfo,
): AsyncGenerator<SessionLine> {
  if (listsOnlyIds(store)) {
    yield* sessionsById(store, account, info.name)
    return
  }
  const sessions = store.account(account).namespace(info.name).sessions({ properties: true })
  for await (const { id, properties, ttlSeconds } of sessions) {
    // A time to live equal to the namespace's is the namespace's again after an import; 0: for ever in spite of it.
    const isOwn = ttlSeconds !== info.ttlSeconds
    yield { session: id, properties: properties as Properties, ...(isOwn && { ttlSeconds: ttlSeconds ?? 0 }) }
  }
}

/** The sessions that have properties; a REST service does not tell their time to live. */
async function* sessionsById(
  store: RestStore,
  account: string,
  namespace: string,
): AsyncGenerator<SessionLine> {
  for await (const ids of inGroups(store.sessionIds(account, namespace))) {
    const sessions = ids.map((session) => store.session({ account, namespace, session }).getAll())
    for (const [index, properties] of (await Promise.all(sessions)).entries()) {
      const session = ids[index]
      // It may have been deleted meanwhile.
      if (session === undefined || Object.keys(properties).length === 0) continue
      yield { session, properties: properties as Properties }
    }
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
