import type { ListOptions, Namespace, Page } from '@context-store/core'
import { type Answer, noContent } from './answer.ts'
import { Listing } from './listing.ts'
import { checkThere, checkWrite } from './namespace-start.ts'
import { namespaceOf, type Operation } from './operation.ts'
import type { Query } from './query.ts'
import { Refusal } from './refusal.ts'

/** The most sessions in a page, of a store and of the service. */
const mostPerPage = 1000

export const listSessionIds: Operation = {
  takes: 'nothing',
  async run(call) {
    const namespace = namespaceOf(call)
    return pageOf(
      namespace,
      call.query,
      (options) => namespace.listSessions(options),
      ({ id }) => id,
    )
  },
}

export const listSessionProperties: Operation = {
  takes: 'nothing',
  async run(call) {
    const namespace = namespaceOf(call)
    const { propertiesField } = call.rules
    return pageOf(
      namespace,
      call.query,
      (options) => namespace.listSessions({ ...options, properties: true }),
      ({ id, properties }) => ({ sessionId: id, [propertiesField]: properties }),
    )
  },
}

export const createSession: Operation = {
  takes: 'object',
  async run(call) {
    const { sessionId } = call.body
    if (typeof sessionId !== 'string')
      throw new Refusal(400, 'sessionId: must be a string, the id of the session')
    const ttlSeconds = call.query.wholeNumber('ttlSecond')
    const namespace = namespaceOf(call)
    const session = namespace.session(sessionId)
    await checkWrite(namespace, call.rules)
    await session.patch({}, { ttlSeconds })
    return noContent
  },
}

export const listSessions: Operation = {
  takes: 'nothing',
  async run(call) {
    const namespace = namespaceOf(call)
    const listing = new Listing()
    for await (const { id, createdAt, ttlSeconds } of namespace.sessions()) {
      if (ttlSeconds === undefined) continue
      listing.add({ sessionId: id, createdAt: createdAt.toISOString(), ttlSecond: ttlSeconds })
    }
    if (listing.size === 0) await checkThere(namespace)
    return listing.answer()
  },
}

/**
 * The page that a query asks for: `list` reads it, `entryOf` makes each entry. The contract numbers its pages and a
 * store's pages have cursors, so the sessions before the page are listed too, without their properties, and not kept.
 */
async function pageOf<T>(
  namespace: Namespace,
  query: Query,
  list: (options: ListOptions) => Promise<Page<T>>,
  entryOf: (item: T) => object | string,
): Promise<Answer> {
  const page = query.wholeNumber('page') ?? 0
  const perPage = query.wholeNumber('perPage') ?? 100
  if (perPage < 1 || perPage > mostPerPage) {
    throw new Refusal(400, `perPage: must be a whole number from 1 to ${mostPerPage}`)
  }
  const before = await endOf(namespace, page * perPage)
  const listing = new Listing(': ask for fewer sessions with perPage')
  if (before !== undefined) {
    let { cursor } = before
    do {
      const part = await list({ cursor, limit: perPage - listing.size })
      for (const item of part.items) listing.add(entryOf(item))
      cursor = part.cursor
    } while (cursor !== undefined && listing.size < perPage)
  }
  if (listing.size === 0) await checkThere(namespace)
  return listing.answer()
}

/** The cursor after the first `count` sessions of a namespace; `undefined` if there are no more sessions. */
async function endOf(
  namespace: Namespace,
  count: number,
): Promise<{ readonly cursor: string | undefined } | undefined> {
  let cursor: string | undefined
  let left = count
  while (left > 0) {
    const page: Page<unknown> = await namespace.listSessions({ cursor, limit: Math.min(left, mostPerPage) })
    if (page.cursor === undefined) return undefined
    left -= page.items.length
    cursor = page.cursor
  }
  return { cursor }
}
