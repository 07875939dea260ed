import { once } from 'node:events'
import { createWriteStream, existsSync, realpathSync, statSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ContextStore, ContextStoreError, type Patch, type Properties } from '@context-store/core'
import { setOwn } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import type { State } from '@context-store/rest/testing'
import { messageOf } from './error-message.ts'
import { InputError, isObject, jsonFrom } from './input-error.ts'

/** The checked content of a seed file. */
export interface Seed {
  readonly sessions: readonly {
    readonly account: string
    readonly namespace: string
    readonly session: string
    readonly properties: Patch
  }[]
  readonly namespaces: readonly { readonly account: string; readonly namespace: string }[]
}

/**
 * Reads a JSON file: account → namespace → session → properties.
 *
 * @throws `InputError` that names the file and the place, for data that a store would refuse
 */
export async function readSeed(file: string): Promise<Seed> {
  const path = resolve(file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`${path}: cannot be read (${messageOf(cause)})`, { cause })
  })
  const seed: { sessions: Seed['sessions'][number][]; namespaces: Seed['namespaces'][number][] } = {
    sessions: [],
    namespaces: [],
  }
  for (const [account, namespaces] of members(jsonFrom(text, path), path, 'accounts')) {
    for (const [namespace, sessions] of members(namespaces, `${path}: ${account}`, 'namespaces')) {
      seed.namespaces.push({ account, namespace })
      for (const [session, properties] of members(sessions, `${path}: ${account}.${namespace}`, 'sessions')) {
        seed.sessions.push({ account, namespace, session, properties: properties as Patch })
      }
    }
  }
  await tryOut(seed, path)
  return seed
}

/** The data in the form that a test double takes. */
export function stateOf({ namespaces, sessions }: Seed): State {
  const state: State = {}
  const inside = <Value>(parent: { [name: string]: Value }, name: string, empty: Value): Value => {
    if (!Object.hasOwn(parent, name)) setOwn(parent, name, empty)
    return parent[name] as Value
  }
  for (const { account, namespace } of namespaces) inside(inside(state, account, {}), namespace, {})
  for (const { account, namespace, session, properties } of sessions) {
    setOwn(inside(inside(state, account, {}), namespace, {}), session, properties as Properties)
  }
  return state
}

/** Merges the data into a store. */
export async function mergeSeed(store: ContextStore, { namespaces, sessions }: Seed): Promise<void> {
  for (const { account, namespace } of namespaces) await store.account(account).namespace(namespace).create()
  for (let from = 0; from < sessions.length; from += 64) {
    await Promise.all(
      sessions.slice(from, from + 64).map((entry) => store.session(entry).patch(entry.properties)),
    )
  }
}

/**
 * Checks at the start that {@link writeState} can write: at the end, data that is only in memory would be lost.
 *
 * @throws `InputError` that names the file
 */
export async function checkWritable(file: string): Promise<void> {
  const path = targetOf(file)
  const draft = draftOf(path)
  try {
    const existing = statSync(path, { throwIfNoEntry: false })
    if (existing?.isDirectory()) throw new Error('it is a folder')
    if (existing?.isFile() === false) throw new Error('it is not a regular file')
    await writeFile(draft, '')
    await rm(draft)
  } catch (cause) {
    throw notWritten(path, cause)
  }
}

/** Writes all data of a store, as {@link readSeed} reads it. Replaces the file completely or not at all. */
export async function writeState(store: ContextStore, file: string): Promise<void> {
  const path = targetOf(file)
  const draft = draftOf(path)
  const output = createWriteStream(draft)
  const opened = once(output, 'open')
  try {
    await opened
    await writeAll(store, async (text) => {
      if (!output.write(text)) await once(output, 'drain')
    })
    output.end()
    await once(output, 'close')
    await rename(draft, path)
  } catch (cause) {
    output.destroy()
    await rm(draft, { force: true })
    if (ContextStoreError.is(cause)) throw cause
    throw notWritten(path, cause)
  }
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.tmp`
}

function notWritten(path: string, cause: unknown): InputError {
  return new InputError(`${path}: cannot be written (${messageOf(cause)})`, { cause })
}

async function writeAll(store: ContextStore, write: (text: string) => Promise<void>): Promise<void> {
  let before = '{'
  for await (const account of store.accounts()) {
    await write(`${before}\n${JSON.stringify(account)}: `)
    before = '{'
    for await (const { name } of store.account(account).namespaces()) {
      await write(`${before}\n  ${JSON.stringify(name)}: `)
      before = '{'
      const sessions = store.account(account).namespace(name).sessions({ properties: true })
      for await (const { id, properties } of sessions) {
        await write(`${before}\n    ${JSON.stringify(id)}: ${JSON.stringify(properties)}`)
        before = ','
      }
      await write(before === '{' ? '{}' : '\n  }')
      before = ','
    }
    await write(before === '{' ? '{}' : '\n}')
    before = ','
  }
  await write(before === '{' ? '{}\n' : '\n}\n')
}

/** Writes everything into a store in memory first, so that a seed with a mistake changes nothing. */
async function tryOut({ namespaces, sessions }: Seed, path: string): Promise<void> {
  const store = memoryStore()
  let place = ''
  try {
    for (const { account, namespace } of namespaces) {
      place = `${account}.${namespace}`
      store.sync.account(account).namespace(namespace).create()
    }
    for (const entry of sessions) {
      place = `${entry.account}.${entry.namespace}.${entry.session}`
      store.sync.session(entry).patch(entry.properties)
    }
  } catch (error) {
    if (!ContextStoreError.is(error)) throw error
    throw new InputError(`${path}: ${place}: ${error.message}`, { cause: error })
  } finally {
    await store.close()
  }
}

function members(value: unknown, where: string, what: string): [string, unknown][] {
  if (!isObject(value)) throw new InputError(`${where}: must be an object of ${what}`)
  return Object.entries(value)
}

/** The file itself where a link is named: the export is renamed over its target, and the link stays. */
function targetOf(file: string): string {
  const path = resolve(file)
  return existsSync(path) ? realpathSync(path) : path
}
