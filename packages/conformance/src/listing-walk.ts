import type { Namespace, SessionInfo } from '@context-store/core'
import { holds } from './check.ts'

/** The ids of this many sessions. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${index}`)
}

/** Creates a session for each id, not in the order of their names. */
export async function fill(namespace: Namespace, ids: readonly string[]): Promise<void> {
  const shuffled = ids.map((id, index) => ({ id, at: (index * 7919) % 997 })).sort((a, b) => a.at - b.at)
  await Promise.all(shuffled.map(({ id }) => namespace.session(id).patch({ id })))
}

/** Walks a listing page by page; `between` is called after each page but the last. */
export async function walk(
  namespace: Namespace,
  limit: number,
  between: (page: readonly SessionInfo[]) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await namespace.listSessions({ cursor, limit })
    holds(page.items.length <= limit, `a page has ${page.items.length} items, limit ${limit}`)
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.cursor
    if (cursor !== undefined) await between(page.items)
    holds(ids.length < 10_000, 'a listing does not end')
  } while (cursor !== undefined)
  return ids
}

/** Fails if an id is listed twice. */
export function hasNoDouble(ids: readonly string[], what: string): void {
  const double = ids.find((id, index) => ids.indexOf(id) !== index)
  holds(double === undefined, `${what} returns ${JSON.stringify(double)} twice`)
}

/** Walks the rest of a listing, from a cursor. */
export async function walkFrom(
  namespace: Namespace,
  start: string | undefined,
  limit: number,
): Promise<string[]> {
  const ids: string[] = []
  let cursor = start
  while (cursor !== undefined) {
    const page = await namespace.listSessions({ cursor, limit })
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.cursor
  }
  return ids
}
