import type { Namespace, SessionInfo } from '@context-store/core'
import { holds } from './check.ts'

/** Ids of so many sessions. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${index}`)
}

/** Begins a session of each id, in some order that is not that of their names. */
export async function fill(namespace: Namespace, ids: readonly string[]): Promise<void> {
  const shuffled = ids.map((id, index) => ({ id, at: (index * 7919) % 997 })).sort((a, b) => a.at - b.at)
  await Promise.all(shuffled.map(({ id }) => namespace.session(id).patch({ id })))
}

/** Walks a listing page by page; `between` is called behind each page that has another. */
export async function walk(
  namespace: Namespace,
  limit: number,
  between: (page: readonly SessionInfo[]) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await namespace.listSessions({ cursor, limit })
    holds(page.items.length <= limit, `a page of ${page.items.length} items where ${limit} is the limit`)
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.cursor
    if (cursor !== undefined) await between(page.items)
    holds(ids.length < 10_000, 'a listing does not end')
  } while (cursor !== undefined)
  return ids
}

/** Fails where an id shows twice. */
export function hasNoDouble(ids: readonly string[], what: string): void {
  const double = ids.find((id, index) => ids.indexOf(id) !== index)
  holds(double === undefined, `${what} gives ${JSON.stringify(double)} twice`)
}

/** Walks the rest of a listing, from a cursor on. */
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
