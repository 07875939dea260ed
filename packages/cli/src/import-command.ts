import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ContextStore, ContextStoreError, type Patch } from '@context-store/core'
import type { Command } from './command.ts'
import { InputError, isObject, jsonFrom } from './input-error.ts'
import { linesOf } from './lines.ts'
import { withStore } from './open-store.ts'
import { Progress } from './progress.ts'

/** How many patches run concurrently: engines commit them together, and they share the network's round trips. */
const atOnce = 64

/** Merges the output of `export`. */
export function importCommand({
  target,
  file,
}: Extract<Command, { readonly name: 'import' }>): Promise<void> {
  const size = file === undefined ? undefined : sizeOf(file)
  return withStore(target, true, async (store) => {
    const progress = new Progress('imported', { size, prints: false })
    const name = file ?? 'input'
    const input = file === undefined ? process.stdin : createReadStream(file)
    let pending: Promise<void>[] = []
    let imported = 0
    const ended = async (): Promise<PromiseRejectedResult | undefined> => {
      const outcomes = await Promise.allSettled(pending)
      pending = []
      imported += outcomes.filter(({ status }) => status === 'fulfilled').length
      return outcomes.find((outcome) => outcome.status === 'rejected')
    }
    const settle = async (): Promise<void> => {
      const failed = await ended()
      if (failed !== undefined) throw failed.reason
    }
    try {
      for await (const { text, line, bytes } of linesOf(input, name)) {
        const where = `${name}, line ${line}`
        const entry = jsonFrom(text, where)
        // A namespace is created before its sessions are written.
        if (!isSession(entry)) await settle()
        const work = take(store, entry, where)
        // Not unhandled: `settle` reports the error.
        work.catch(() => undefined)
        pending.push(work)
        progress.add(isSession(entry) ? 1 : 0, bytes)
        if (pending.length >= atOnce || !isSession(entry)) await settle()
      }
      await settle()
    } catch (error) {
      await ended()
      progress.end()
      const done = `lines imported before it: ${imported} (it is safe to import them again)`
      if (error instanceof InputError) throw new InputError(`${error.message}; ${done}`)
      if (!ContextStoreError.is(error)) throw error
      throw new ContextStoreError(error.code, `${error.message}; ${done}`, { cause: error.cause })
    }
    progress.sum()
  })
}

function isSession(entry: unknown): boolean {
  return isObject(entry) && entry.session !== undefined
}

async function take(store: ContextStore, entry: unknown, where: string): Promise<void> {
  try {
    if (!isObject(entry)) throw new InputError(`${where}: must be a JSON object, as export prints it`)
    const { account, namespace, session, properties, ttlSeconds, ...others } = entry
    const [unknown] = Object.keys(others)
    if (unknown !== undefined) {
      throw new InputError(`${where}: unknown member ${JSON.stringify(unknown)}`)
    }
    const target = store.account(account as string).namespace(namespace as string)
    const stated = { ttlSeconds: ttlSeconds as number | undefined }
    if (session === undefined) {
      if (properties !== undefined) throw new InputError(`${where}: has properties but no session`)
      await target.create(stated)
    } else {
      await target.session(session as string).patch(properties as Patch, stated)
    }
  } catch (error) {
    if (!ContextStoreError.is(error) || !isAboutLine(error)) throw error
    throw new InputError(`${where}: ${error.message}`, { cause: error })
  }
}

/** Whether the line caused the error: the store checks addresses, values and options. */
function isAboutLine({ code }: ContextStoreError): boolean {
  return code.startsWith('invalid-') || code === 'too-large' || code === 'unsupported'
}

function sizeOf(file: string): number {
  try {
    const stats = statSync(file)
    if (!stats.isDirectory()) return stats.size
  } catch {
    throw new InputError(`${resolve(file)}: there is no such file`)
  }
  throw new InputError(`${resolve(file)}: this is a folder, not a file`)
}
