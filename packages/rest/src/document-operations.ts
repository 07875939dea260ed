import type { JsonValue, Namespace, Session } from '@context-store/core'
import { type Answer, jsonAnswer } from './answer.ts'
import { checkWrite } from './namespace-start.ts'
import { type Call, namespaceOf, type Operation } from './operation.ts'
import { Refusal } from './refusal.ts'

/*
 * v2 calls a session a document, and most of its requests name the account in the body, not in the path.
 */

/** 13 months of 365.25 / 12 days each (docs/rest-contract.md, "v2"). */
const retentionSeconds = 34_187_400

export const createDocument: Operation = {
  takes: 'object',
  async run(call) {
    const document = documentIn(call)
    const { payload, ttlSeconds } = call.body
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      throw new Refusal(400, 'payload: must be an object of names and values')
    }
    if (ttlSeconds !== undefined && typeof ttlSeconds !== 'number') {
      throw new Refusal(400, 'ttlSeconds: must be a number')
    }
    await checkWrite(document.namespace, call.rules)
    const stated = ttlSeconds === 0 ? undefined : ttlSeconds
    await document.session.patch(payload, { ttlSeconds: stated ?? (await usualTtl(document)) })
    return changed(document, 201)
  },
}

export const readDocument: Operation = {
  takes: 'nothing',
  async run(call) {
    const namespace = namespaceOf(call)
    const { account, session: sessionId } = call
    checkNamespace(namespace.name)
    const session = namespace.session(sessionId)
    const info = await session.info()
    if (info === undefined) throw noDocument()
    const { expiresAt } = info
    return jsonAnswer({
      accountId: account,
      documentKey: documentKey(session, sessionId),
      documentType: 'CONTEXT',
      nameSpace: namespace.name,
      ...(sessionId !== undefined && { sessionId }),
      payload: await session.getAll(),
      tenantId: account,
      ...(expiresAt !== undefined && { ttl: expiresAt.toISOString() }),
    })
  },
}

export const readDocumentProperties: Operation = {
  takes: 'object',
  async run(call) {
    const { namespace, session } = documentIn(call)
    const prefix = `${namespace.name}.`
    const names = namesIn(call.body.filter, 'filter').map((name) => {
      if (!name.startsWith(prefix))
        throw new Refusal(
          400,
          'filter: each name must begin with the namespace and a dot, such as orders.step',
        )
      return name.slice(prefix.length)
    })
    const found = Object.entries(await session.getMany(names))
    if (found.length === 0 && (await session.info()) === undefined) throw noDocument()
    return jsonAnswer(Object.fromEntries(found.map(([name, value]) => [prefix + name, value])))
  },
}

export const deleteDocumentProperties: Operation = {
  takes: 'object',
  async run(call) {
    const document = documentIn(call)
    const { propertyToDelete } = call.body
    if (propertyToDelete === undefined) await document.session.clear()
    else await document.session.delete(namesIn(propertyToDelete, 'propertyToDelete'))
    return changed(document, 200)
  },
}

export const deleteDocument: Operation = {
  takes: 'object',
  async run(call) {
    const document = documentIn(call)
    await document.session.clear()
    return changed(document, 200)
  },
}

/** The token of an account for the other v2 requests. It is the API key, so that both become invalid together. */
export const login: Operation = {
  takes: 'nothing',
  run: async ({ key }) => jsonAnswer({ token: key }),
}

interface Document {
  readonly namespace: Namespace
  readonly session: Session
  /** The id in the request, if any. */
  readonly sessionId: string | undefined
}

/** The document that a body names. Throws if the request's token is not valid for its account. */
function documentIn({ store, body, authorize }: Call): Document {
  const { accountId, nameSpace, sessionId } = body
  if (typeof accountId !== 'string') throw new Refusal(400, 'accountId: must be a string')
  authorize(accountId)
  if (typeof nameSpace !== 'string') throw new Refusal(400, 'nameSpace: must be a string')
  if (sessionId !== undefined && typeof sessionId !== 'string')
    throw new Refusal(400, 'sessionId: must be a string')
  checkNamespace(nameSpace)
  const namespace = store.account(accountId).namespace(nameSpace)
  return { namespace, session: namespace.session(sessionId), sessionId }
}

function checkNamespace(name: string): void {
  if (!/^\w+$/.test(name)) throw new Refusal(400, 'a namespace in v2 must consist of letters, digits and _')
}

function namesIn(value: JsonValue | undefined, member: string): string[] {
  const names = Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
  if (!Array.isArray(value) || names.length < value.length)
    throw new Refusal(400, `${member}: must be an array of names`)
  return names
}

/** The time to live of a document if the request states none; `undefined` keeps the current one. */
async function usualTtl({ namespace, session }: Document): Promise<number | undefined> {
  const given = (await session.info())?.ttlSeconds ?? (await namespace.info())?.ttlSeconds
  return given === undefined ? retentionSeconds : undefined
}

function changed({ session, sessionId }: Document, status: number): Answer {
  const { account } = session.address
  return jsonAnswer(
    { documentKey: documentKey(session, sessionId), tenantId: account, success: true },
    status,
  )
}

/** The key of a document. If the request names no session, it ends with a colon. */
function documentKey({ address: { account, namespace } }: Session, sessionId = ''): string {
  return `${account}:${namespace}:${sessionId}`
}

function noDocument(): Refusal {
  return new Refusal(404, 'the document does not exist')
}
