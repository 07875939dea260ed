import type { Namespace, SessionInfo } from '@context-store/core'
import { jsonAnswer, noContent } from './answer.ts'
import { checkThere, checkWrite } from './namespace-start.ts'
import { namespaceOf, type Operation } from './operation.ts'
import type { Query } from './query.ts'
import { Refusal } from './refusal.ts'

export const listSessionIds: Operation = {
  takes: 'nothing',
  async run(call) {
    const sessions = await pageOfSessions(namespaceOf(call), call.query)
    return jsonAnswer(sessions.map(({ id }) => id))
  },
}

export const listSessionProperties: Operation = {
  takes: 'nothing',
  async run(call) {
    const namespace = namespaceOf(call)
    const sessions = await pageOfSessions(namespace, call.query)
    const { propertiesField } = call.rules
    return jsonAnswer(
      await Promise.all(
        sessions.map(async ({ id }) => ({
          sessionId: id,
          [propertiesField]: await namespace.session(id).getAll(),
        })),
      ),
    )
  },
}

export const createSession: Operation = {
  takes: 'object',
  async run(call) {
    const { sessionId } = call.body
    if (typeof sessionId !== 'string') throw new Refusal(400, 'sessionId: a string, the id of the session')
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
    const listed: { readonly sessionId: string; readonly createdAt: string; readonly ttlSecond: number }[] =
      []
    for await (const { id, createdAt, ttlSeconds } of namespace.sessions()) {
      if (ttlSeconds === undefined) continue
      listed.push({ sessionId: id, createdAt: createdAt.toISOString(), ttlSecond: ttlSeconds })
    }
    if (listed.length === 0) await checkThere(namespace)
    return jsonAnswer(listed)
  },
}

/**
 * The page that a query asks for. Pages on the wire have numbers and those of a store have cursors, so the
 * listing is walked from its start, a store's page at a time, and nothing before the page is kept.
 */
async function pageOfSessions(namespace: Namespace, query: Query): Promise<readonly SessionInfo[]> {
  const page = query.wholeNumber('page') ?? 0
  const perPage = query.wholeNumber('perPage') ?? 100
  if (perPage < 1 || perPage > 1000) throw new Refusal(400, 'perPage: a whole number from 1 to 1000')
  const sessions: SessionInfo[] = []
  let toSkip = page * perPage
  for await (const session of namespace.sessions()) {
    if (toSkip > 0) {
      toSkip--
      continue
    }
    sessions.push(session)
    if (sessions.length === perPage) break
  }
  if (sessions.length === 0) await checkThere(namespace)
  return sessions
}
