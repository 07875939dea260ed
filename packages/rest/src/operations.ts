import type { Patch, Properties } from '@context-store/core'
import { type Answer, jsonAnswer, noContent, textAnswer } from './answer.ts'
import { Listing } from './listing.ts'
import { checkName, checkThere, checkWrite } from './namespace-start.ts'
import { type Call, namespaceOf, type Operation } from './operation.ts'
import { Refusal } from './refusal.ts'

export const createNamespace: Operation = {
  takes: 'object',
  async run({ store, account, body, query, rules }) {
    const { name } = body
    if (typeof name !== 'string') throw new Refusal(400, 'name: must be a string, the name of the namespace')
    const ttlSeconds = query.wholeNumber('ttlSecond')
    const namespace = store.account(account).namespace(name)
    await checkName(namespace, rules)
    await namespace.create({ ttlSeconds })
    return noContent
  },
}

export const listNamespaces: Operation = {
  takes: 'nothing',
  async run({ store, account }) {
    const listing = new Listing()
    for await (const { name, createdAt, ttlSeconds } of store.account(account).namespaces()) {
      listing.add({
        name,
        createdAt: createdAt.toISOString(),
        ...(ttlSeconds !== undefined && { ttlSecond: ttlSeconds }),
      })
    }
    return listing.answer()
  },
}

export const deleteNamespace: Operation = {
  takes: 'nothing',
  async run(call) {
    await namespaceOf(call).delete()
    return noContent
  },
}

export const patchProperties: Operation = {
  takes: 'object',
  run: (call) => patched(call, call.body),
}

export const readProperties: Operation = {
  takes: 'nothing',
  async run(call) {
    const { include } = call.query
    const namespace = namespaceOf(call)
    const session = namespace.session(call.session)
    const found: Partial<Properties> = await (include === undefined
      ? session.getAll()
      : session.getMany(include))
    if (Object.keys(found).length === 0) await checkThere(namespace)
    return jsonAnswer(found)
  },
}

export const deleteProperties: Operation = {
  takes: 'nothing',
  async run(call) {
    await namespaceOf(call).session(call.session).clear()
    return noContent
  },
}

export const readProperty: Operation = {
  takes: 'nothing',
  async run(call) {
    const value = await namespaceOf(call).session(call.session).get(call.name)
    if (value === undefined) throw new Refusal(404, 'the property does not exist')
    const { bareValues, bareStrings } = call.rules
    if (!bareValues) return jsonAnswer({ [call.name]: value })
    return bareStrings && typeof value === 'string' ? textAnswer(value) : jsonAnswer(value)
  },
}

export const putProperty: Operation = {
  takes: 'value',
  run: (call) => patched(call, { [call.name]: call.value }),
}

export const deleteProperty: Operation = {
  takes: 'nothing',
  async run(call) {
    await namespaceOf(call).session(call.session).delete(call.name)
    return noContent
  },
}

async function patched(call: Call, properties: Patch): Promise<Answer> {
  const namespace = namespaceOf(call)
  await checkWrite(namespace, call.rules)
  await namespace.session(call.session).patch(properties)
  return noContent
}
