import type { NamespaceInfo, Properties } from '@context-store/core'
import type { RestStore } from '@context-store/rest/client'
import { listsOnlyIds, type OpenStore } from './open-store.ts'

/** How many sessions of a REST service are read concurrently, to share the network's round trips. */
const atOnce = 64

/** What `export` prints for a session, in addition to its account and namespace. */
export interface SessionLine {
  /** Its id. */
  readonly session: string
  /** All its properties. */
  readonly properties: Properties
  /** The session's time to live if it differs from its namespace's; 0 if it does not expire. */
  readonly ttlSeconds?: number
}

/** The sessions of a namespace, as `export` prints them. Reads one page of the store at a time. */
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
    // Without `ttlSeconds`, the session gets its namespace's time to live in an import; 0 overrides that.
    const isOwn = ttlSeconds !== info.ttlSeconds
    yield { session: id, properties: properties as Properties, ...(isOwn && { ttlSeconds: ttlSeconds ?? 0 }) }
  }
}

/** The sessions that have properties. A REST service does not return their times to live. */
async function* sessionsById(
  store: RestStore,
  account: string,
  namespace: string,
): AsyncGenerator<SessionLine> {
  for await (const ids of inGroups(store.sessionIds(account, namespace))) {
    const sessions = ids.map((session) => store.session({ account, namespace, session }).getAll())
    for (const [index, properties] of (await Promise.all(sessions)).entries()) {
      const session = ids[index]
      // It may have been deleted in the meantime.
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
