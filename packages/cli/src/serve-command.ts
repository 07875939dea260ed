import { resolve } from 'node:path'
import { type ContextStore, ContextStoreError, type StoreOptions } from '@context-store/core'
import { createHandler, type HandlerOptions } from '@context-store/rest'
import { type ContextServer, type ServedRequest, serve } from '@context-store/rest/node'
import type { DoubleOptions } from '@context-store/rest/testing'
import { type ServeCommandOptions, UsageError } from './command.ts'
import { causeOf, messageOf } from './error-message.ts'
import { requestLine } from './request-log.ts'
import { checkWritable, mergeSeed, readSeed, type Seed, stateOf, writeState } from './state-file.ts'
import { version } from './version.ts'

/** The flags for options of other packages; error messages of those packages begin with the option's name. */
const flags: { readonly [option: string]: string } = {
  keys: '--key',
  profile: '--profile',
  cors: '--cors',
  namespaces: '--namespaces',
  host: '--host',
}

/**
 * Serves until a signal ends the process.
 *
 * @throws `UsageError` for an invalid option
 * @throws `InputError` if a seed cannot be read, or an export cannot be written
 * @throws `ContextStoreError` if the store's file or the port cannot be opened
 */
export async function serveCommand(options: ServeCommandOptions): Promise<void> {
  const { port, host, file, keys } = options
  const handlerOptions = { keys, profile: options.profile, cors: options.cors } as HandlerOptions
  const seed = options.seed === undefined ? undefined : await readSeed(options.seed)
  if (options.control) return serveDouble(options, handlerOptions, seed)
  if (options.exportOnExit !== undefined) await checkWritable(options.exportOnExit)
  const store = await asUsage(async () => {
    const opened = await openStore(file, { namespaces: options.namespaces } as StoreOptions)
    createHandler(opened, handlerOptions)
    return opened
  })
  let server: ContextServer
  try {
    await ready(store, file)
    if (seed !== undefined) await mergeSeed(store, seed)
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
    console.error(`context-store: without --key, anyone who can reach ${host} can read and write all data`)
  }
}

/** Serves a test double. It records the requests itself, so they are not logged. */
async function serveDouble(
  options: ServeCommandOptions,
  { keys, profile, cors }: HandlerOptions,
  seed: Seed | undefined,
): Promise<void> {
  const { port, host } = options
  const { startContextService } = await import('@context-store/rest/testing')
  const state = seed === undefined ? {} : stateOf(seed)
  const double = await asUsage(() =>
    startContextService({
      keys: keys as DoubleOptions['keys'],
      profile,
      cors,
      port,
      host,
      state,
      control: true,
    }),
  )
  endOnSignals(double, double.store, undefined)
  log(greeting(double.url, options))
  if (!isLoopback(host)) {
    console.error(`context-store: --control lets anyone who can reach ${host} read and replace all data`)
  }
}

async function openStore(file: string | undefined, options: StoreOptions): Promise<ContextStore> {
  // Loads only the store that is used: loading both would take most of the startup time.
  if (file === undefined) return (await import('@context-store/memory')).memoryStore(options)
  return (await import('@context-store/sqlite')).sqliteStore({ ...options, path: file })
}

/** Throws if the file cannot be used; the message names the file and the cause. */
async function ready(store: ContextStore, file: string | undefined): Promise<void> {
  try {
    await store.ready()
  } catch (error) {
    if (!ContextStoreError.is(error) || file === undefined) throw error
    const message = `${resolve(file)}: ${error.message}${causeOf(error)}`
    throw new ContextStoreError(error.code, message, { cause: error })
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
  const where = file === undefined ? 'memory, lost when the server ends' : resolve(file)
  return `context-store ${version} serves ${url}
data: ${where}
try:  curl ${quoted(`${url}/v1/account/${encodeURIComponent(account ?? '')}`)} -H ${quoted(`maven-api-key: ${key ?? 'any'}`)}`
}

/** Quotes a text as one word for a shell. */
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
      // The terminal sends a signal to npm too, which forwards it: both signals come from one key press.
      if (asked.signal === signal && performance.now() - asked.at < 500) return
      // The second signal ends the process at once, with the exit code that a shell reports for this signal.
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
          console.error(`context-store: ${messageOf(error)}`)
          process.exit(1)
        },
      )
  }
  process.on('SIGINT', end).on('SIGTERM', end)
}
