import type { ContextStore, Namespace, Properties } from '@context-store/core'
import { type Answer, jsonAnswer, noContent } from './answer.ts'
import type { JsonObject } from './body.ts'
import { Refusal } from './refusal.ts'

/** A request that has passed every check of form. */
export interface Call {
  readonly store: ContextStore
  readonly account: string
  /** Empty where the path names none; so are `name` and `body`. */
  readonly namespace: string
  readonly session: string | undefined
  readonly name: string
  readonly include: readonly string[] | undefined
  readonly body: JsonObject
}

/** One row of WIRE.md's operations. */
export interface Operation {
  readonly takesBody: boolean
  readonly run: (call: Call) => Promise<Answer>
}

export const createNamespace: Operation = {
  takesBody: true,
  async run({ store, account, body }) {
    const { name } = body
    if (typeof name !== 'string') throw new Refusal(400, 'name: a string, the name of the namespace')
    await store.account(account).namespace(name).create()
    return noContent
  },
}

export const listNamespaces: Operation = {
  takesBody: false,
  async run({ store, account }) {
    const listed: { readonly name: string; readonly createdAt: string }[] = []
    for await (const { name, createdAt } of store.account(account).namespaces()) {
      listed.push({ name, createdAt: createdAt.toISOString() })
    }
    return jsonAnswer(listed)
  },
}

export const deleteNamespace: Operation = {
  takesBody: false,
  async run(call) {
    await namespaceOf(call).delete()
    return noContent
  },
}

export const patchProperties: Operation = {
  takesBody: true,
  async run(call) {
    await namespaceOf(call).session(call.session).patch(call.body)
    return noContent
  },
}

export const readProperties: Operation = {
  takesBody: false,
  async run(call) {
    const namespace = namespaceOf(call)
    const session = namespace.session(call.session)
    const found: Partial<Properties> = await (call.include === undefined
      ? session.getAll()
      : session.getMany(call.include))
    if (Object.keys(found).length === 0 && (await namespace.info()) === undefined) {
      throw new Refusal(404, 'there is no such namespace')
    }
    return jsonAnswer(found)
  },
}

export const deleteProperties: Operation = {
  takesBody: false,
  async run(call) {
    await namespaceOf(call).session(call.session).clear()
    return noContent
  },
}

export const readProperty: Operation = {
  takesBody: false,
  async run(call) {
    const value = await namespaceOf(call).session(call.session).get(call.name)
    if (value === undefined) throw new Refusal(404, 'there is no such property')
    return jsonAnswer({ [call.name]: value })
  },
}

export const deleteProperty: Operation = {
  takesBody: false,
  async run(call) {
    await namespaceOf(call).session(call.session).delete(call.name)
    return noContent
  },
}

function namespaceOf({ store, account, namespace }: Call): Namespace {
  return store.account(account).namespace(namespace)
}
