import { resolve } from 'node:path'
import { type ContextStore, ContextStoreError, type StoreOptions } from '@context-store/core'
import { createHandler, type HandlerOptions } from '@context-store/rest'
import { type ContextServer, type ServedRequest, serve } from '@context-store/rest/node'
import { type ServeCommandOptions, UsageError } from './arguments.ts'
import { requestLine } from './request-log.ts'
import { checkWritable, readSeed, sow, writeState } from './state-file.ts'
import { version } from './version.ts'

/** Options of the packages below, which refuse a bad one by that name, and what they are called here. */
const flags: { readonly [option: string]: string } = {
  keys: '--key',
  profile: '--profile',
  cors: '--cors',
  namespaces: '--namespaces',
  host: '--host',
}

/**
 * Serves until a signal ends it.
 *
 * @throws `UsageError` for an option that cannot be
 * @throws `InputError` where a seed cannot be read, or an export not be written
 * @throws `ContextStoreError` where the file or the port cannot be opened
 */
export async function serveCommand(options: ServeCommandOptions): Promise<void> {
  const { port, host, file, keys } = options
  const handlerOptions = { keys, profile: options.profile, cors: options.cors } as HandlerOptions
  const seed = options.seed === undefined ? undefined : await readSeed(options.seed)
  if (options.exportOnExit !== undefined) await checkWritable(options.exportOnExit)
  const store = await asUsage(async () => {
    const opened = await openStore(file, { namespaces: options.namespaces } as StoreOptions)
    createHandler(opened, handlerOptions)
    return opened
  })
  let server: ContextServer
  try {
    await ready(store, file)
    if (seed !== undefined) await sow(store, seed)
    const onRequest = options.log
      ? (request: ServedRequest) => log(requestLine(request, options.json))
      : undefined
    server = await asUsage(() => serve({ ...handlerOptions, store, port, host, onRequest }))
  } catch (error) {
    await store.close()
    throw error
  }
  endOnSignals(server, store, options.exportOnExit)
  log(greeting(server.url, options))
  if (keys === undefined && !isLoopback(host)) {
    console.error(`context-store: anybody who reaches ${host} can read and write, since no --key is given`)
  }
}

async function openStore(file: string | undefined, options: StoreOptions): Promise<ContextStore> {
  // Only the one that is used is loaded: the other would be most of the time that a start takes.
  if (file === undefined) return (await import('@context-store/memory')).memoryStore(options)
  return (await import('@context-store/sqlite')).sqliteStore({ ...options, path: file })
}

/** Fails where the file cannot be used, in a message that names it and says all that is known. */
async function ready(store: ContextStore, file: string | undefined): Promise<void> {
  try {
    await store.ready()
  } catch (error) {
    if (!ContextStoreError.is(error) || file === undefined) throw error
    const reason = error.cause instanceof Error ? ` (${error.cause.message})` : ''
    throw new ContextStoreError(error.code, `${resolve(file)}: ${error.message}${reason}`, { cause: error })
  }
}

async function asUsage<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!ContextStoreError.is(error, 'invalid-option')) throw error
    const option = /^\w+/.exec(error.message)?.[0] ?? ''
    throw new UsageError((flags[option] ?? option) + error.message.slice(option.length))
  }
}

function greeting(url: string, { file, keys, json }: ServeCommandOptions): string {
  if (json) return JSON.stringify({ version, url, data: file === undefined ? null : resolve(file) })
  const [account, key] = typeof keys === 'object' ? (Object.entries(keys)[0] ?? []) : ['577089', keys]
  const where = file === undefined ? 'memory, gone when this ends' : resolve(file)
  return `context-store ${version} serves ${url}
data: ${where}
try:  curl ${quoted(`${url}/v1/account/${encodeURIComponent(account ?? '')}`)} -H ${quoted(`maven-api-key: ${key ?? 'any'}`)}`
}

/** A word for a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function log(line: string): void {
  process.stdout.write(`${line}\n`)
}

function endOnSignals(server: ContextServer, store: ContextStore, exportTo: string | undefined): void {
  let asked: { readonly signal: string; readonly at: number } | undefined
  const end = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (asked !== undefined) {
      // npm passes on to us what the terminal has sent to both: that is one press of a key.
      if (asked.signal === signal && performance.now() - asked.at < 500) return
      // Asked twice, it is in a hurry; the code is a shell's for a process that a signal ended.
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    asked = { signal, at: performance.now() }
    server
      .close()
      .then(() => (exportTo === undefined ? undefined : writeState(store, exportTo)))
      .finally(() => store.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(`context-store: ${error instanceof Error ? error.message : error}`)
          process.exit(1)
        },
      )
  }
  process.on('SIGINT', end).on('SIGTERM', end)
}
