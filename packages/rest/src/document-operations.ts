import type { JsonValue, Namespace, Session } from '@context-store/core'
import { type Answer, jsonAnswer } from './answer.ts'
import { checkWrite } from './namespace-start.ts'
import { type Call, namespaceOf, type Operation } from './operation.ts'
import { Refusal } from './refusal.ts'

/*
 * v2 calls a session a document, and names its account in the body of a request where v1 has it in the path.
 */

/** 13 months (WIRE.md, "v2"), of 365.25 / 12 days each. */
const retentionSeconds = 34_187_400

export const createDocument: Operation = {
  takes: 'object',
  async run(call) {
    const document = documentIn(call)
    const { payload, ttlSeconds } = call.body
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      throw new Refusal(400, 'payload: an object of names and values')
    }
    if (ttlSeconds !== undefined && typeof ttlSeconds !== 'number') {
      throw new Refusal(400, 'ttlSeconds: a number')
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
      documentKey: documentKey(session),
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
      if (!name.startsWith(prefix)) throw new Refusal(400, 'filter: each name after its namespace and a dot')
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

interface Document {
  readonly namespace: Namespace
  readonly session: Session
}

/** The document that a body names, for whoever may see it. */
function documentIn({ store, body, authorize }: Call): Document {
  const { accountId, nameSpace, sessionId } = body
  if (typeof accountId !== 'string') throw new Refusal(400, 'accountId: a string')
  authorize(accountId)
  if (typeof nameSpace !== 'string') throw new Refusal(400, 'nameSpace: a string')
  if (sessionId !== undefined && typeof sessionId !== 'string') throw new Refusal(400, 'sessionId: a string')
  checkNamespace(nameSpace)
  const namespace = store.account(accountId).namespace(nameSpace)
  return { namespace, session: namespace.session(sessionId) }
}

function checkNamespace(name: string): void {
  if (!/^\w+$/.test(name)) throw new Refusal(400, 'a namespace of v2 is letters, digits and _ only')
}

function namesIn(value: JsonValue | undefined, member: string): string[] {
  const names = Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
  if (!Array.isArray(value) || names.length < value.length)
    throw new Refusal(400, `${member}: an array of names`)
  return names
}

/** What a document lives that states nothing: `undefined`, and with that what is in force, where there is any. */
async function usualTtl({ namespace, session }: Document): Promise<number | undefined> {
  const given = (await session.info())?.ttlSeconds ?? (await namespace.info())?.ttlSeconds
  return given === undefined ? retentionSeconds : undefined
}

function changed({ session }: Document, status: number): Answer {
  const { account } = session.address
  return jsonAnswer({ documentKey: documentKey(session), tenantId: account, success: true }, status)
}

function documentKey({ address: { account, namespace, session } }: Session): string {
  return `${account}:${namespace}:${session}`
}

function noDocument(): Refusal {
  return new Refusal(404, 'there is no such document')
}
