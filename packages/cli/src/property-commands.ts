import type { Patch, Session } from '@context-store/core'
import type { Command, DataAddress } from './command.ts'
import { InputError, isObject, jsonFrom, NotThereError } from './input-error.ts'
import { type OpenStore, withStore } from './open-store.ts'
import { printLine, printText } from './output.ts'

type CommandOf<N extends Command['name']> = Extract<Command, { readonly name: N }>

/** Prints the properties of a session. */
export function getCommand({ target, address, properties, raw }: CommandOf<'get'>): Promise<void> {
  return withStore(target, false, async (store) => {
    const session = sessionOf(store, address)
    const found = await (properties === undefined ? session.getAll() : session.getMany(properties))
    const values = Object.values(found)
    if (!raw) await printLine(found)
    else if (values.length > 0) await printText(textOf(values[0]))
    if (values.length === 0) {
      throw new NotThereError(
        properties === undefined ? 'there is no such session' : 'the session has no such property',
      )
    }
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Merges properties into a session. */
export async function setCommand({
  target,
  address,
  properties,
  ttlSeconds,
}: CommandOf<'set'>): Promise<void> {
  const patch = properties ?? jsonFrom(await incoming(), 'stdin')
  if (!isObject(patch)) throw new InputError('stdin: the JSON must be an object of names and values')
  await withStore(target, true, (store) => sessionOf(store, address).patch(patch as Patch, { ttlSeconds }))
}

/** Removes properties, a session or a namespace. */
export function removeCommand({ target, address, properties }: CommandOf<'rm'>): Promise<void> {
  return withStore(target, false, async (store) => {
    const { account, namespace, session } = address
    if (session === undefined) await store.account(account).namespace(namespace).delete()
    else if (properties === undefined) await sessionOf(store, address).clear()
    else await sessionOf(store, address).delete(properties)
  })
}

function sessionOf(store: OpenStore, { account, namespace, session }: DataAddress): Session {
  return store.account(account).namespace(namespace).session(session)
}

async function incoming(): Promise<string> {
  let text = ''
  for await (const part of process.stdin.setEncoding('utf8')) text += part
  return text
}
