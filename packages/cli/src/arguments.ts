import { type ParseArgsConfig, parseArgs } from 'node:util'

type ParseArgsOptionsConfig = NonNullable<ParseArgsConfig['options']>

/** The options of `serve`; `undefined`: the default of the store or the service. */
export interface ServeCommandOptions {
  readonly port: number
  readonly host: string
  /** The SQLite file; `undefined`: in memory. */
  readonly file: string | undefined
  /** The key of every account, or the key of each. */
  readonly keys: string | { readonly [account: string]: string } | undefined
  readonly profile: string | undefined
  readonly cors: string | undefined
  readonly namespaces: string | undefined
  /** The file whose data is merged at the start. */
  readonly seed: string | undefined
  /** The file that all data is written to at exit. */
  readonly exportOnExit: string | undefined
  /** Whether the service is a double, which tests control over HTTP. */
  readonly control: boolean
  /** Whether the output is one JSON object a line, not text. */
  readonly json: boolean
  /** Whether a line is printed for each request. */
  readonly log: boolean
}

/** Which store, and how to reach it. */
export interface StoreTarget {
  /** A SQLite file, the URL of a Redis, or the URL of a service. */
  readonly store: string
  /** For a service: the API key. */
  readonly key: string
}

/** What a command on data is about; without a session, `__default__` or all of them. */
export interface DataAddress {
  readonly account: string
  readonly namespace: string
  readonly session: string | undefined
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'serve'; readonly options: ServeCommandOptions }
  | {
      readonly name: 'get'
      readonly target: StoreTarget
      readonly address: DataAddress
      readonly properties: readonly string[] | undefined
    }
  | {
      readonly name: 'set'
      readonly target: StoreTarget
      readonly address: DataAddress
      /** JSON, or `-` for stdin. */
      readonly json: string
      readonly ttlSeconds: number | undefined
    }
  | {
      readonly name: 'rm'
      readonly target: StoreTarget
      readonly address: DataAddress
      readonly properties: readonly string[] | undefined
    }
  | {
      readonly name: 'ls' | 'export'
      readonly target: StoreTarget
      readonly account: string | undefined
      readonly namespace: string | undefined
    }
  | { readonly name: 'import'; readonly target: StoreTarget; readonly file: string | undefined }

/** An invalid command line; its message is one line that names what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(reason: string) {
    super(`${reason} (see context-store --help)`)
  }
}

const everywhere = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig

const serving = {
  ...everywhere,
  port: { type: 'string' },
  host: { type: 'string' },
  db: { type: 'string' },
  memory: { type: 'boolean' },
  key: { type: 'string' },
  'account-key': { type: 'string', multiple: true },
  profile: { type: 'string' },
  cors: { type: 'string' },
  namespaces: { type: 'string' },
  control: { type: 'boolean' },
  seed: { type: 'string' },
  'export-on-exit': { type: 'string' },
  quiet: { type: 'boolean' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig

const ofData = { ...everywhere, key: { type: 'string' } } as const satisfies ParseArgsOptionsConfig
const ofProperties = {
  ...ofData,
  property: { type: 'string', multiple: true },
} as const satisfies ParseArgsOptionsConfig

/**
 * Parses the command line.
 *
 * @throws `UsageError` for an invalid one
 */
export function parseCommand(args: readonly string[]): Command {
  const [name, ...rest] = args
  if (args.some((arg) => arg === '--help' || arg === '-h')) return { name: 'help' }
  if (args.includes('--version')) return { name: 'version' }
  switch (name) {
    case undefined:
      throw new UsageError('no command given')
    case 'serve':
      return serveCommand(rest)
    case 'get':
      return getCommand(rest)
    case 'set':
      return setCommand(rest)
    case 'rm':
      return removeCommand(rest)
    case 'ls':
    case 'export':
      return listCommand(name, rest)
    case 'import':
      return importCommand(rest)
    default:
      throw new UsageError(`there is no command ${JSON.stringify(name)}`)
  }
}

function serveCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args, serving)
  if (positionals.length > 0) throw new UsageError(`serve takes no ${JSON.stringify(positionals[0])}`)
  if (values.memory && values.db !== undefined)
    throw new UsageError('--db and --memory cannot be used together')
  for (const option of ['db', 'namespaces', 'export-on-exit'] as const) {
    if (values.control && values[option] !== undefined) {
      throw new UsageError(`--control: is a double in memory, so it cannot be used together with --${option}`)
    }
  }
  for (const option of ['db', 'seed', 'export-on-exit'] as const) {
    if (values[option] === '') throw new UsageError(`--${option}: must be the name of a file`)
  }
  const { host = '127.0.0.1', db = './context-store.db', profile, cors, namespaces, seed } = values
  return {
    name: 'serve',
    options: {
      port: portOf(values.port ?? '8080'),
      host,
      file: values.memory || values.control ? undefined : db,
      keys: keysOf(values.key, values['account-key']),
      profile,
      cors,
      namespaces,
      seed,
      exportOnExit: values['export-on-exit'],
      control: values.control ?? false,
      json: values.json ?? false,
      log: !values.quiet,
    },
  }
}

function getCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args, ofProperties)
  const [store, account, namespace, session] = named('get', positionals, 3, 4)
  return {
    name: 'get',
    target: targetOf(store, values.key),
    address: { account, namespace, session },
    properties: values.property,
  }
}

function setCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args, { ...ofData, ttl: { type: 'string' } })
  const [store, account, namespace, fourth, fifth] = named('set', positionals, 4, 5)
  return {
    name: 'set',
    target: targetOf(store, values.key),
    address: { account, namespace, session: fifth === undefined ? undefined : fourth },
    json: fifth ?? fourth ?? '',
    ttlSeconds: values.ttl === undefined ? undefined : secondsOf(values.ttl),
  }
}

function removeCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args, { ...ofProperties, all: { type: 'boolean' } })
  const [store, account, namespace, session] = named('rm', positionals, 3, 4)
  // A forgotten argument must not delete a namespace.
  if ((session === undefined) !== (values.all ?? false)) {
    throw new UsageError('rm: needs a SESSION, or --all for the namespace with all its sessions')
  }
  if (session === undefined && values.property !== undefined) {
    throw new UsageError('rm: --property needs a SESSION')
  }
  return {
    name: 'rm',
    target: targetOf(store, values.key),
    address: { account, namespace, session },
    properties: values.property,
  }
}

function listCommand(name: 'ls' | 'export', args: readonly string[]): Command {
  const { values, positionals } = parsed(args, ofData)
  const [store, account, namespace] = named(name, positionals, 1, 3)
  return { name, target: targetOf(store, values.key), account, namespace }
}

function importCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args, ofData)
  const [store, file] = named('import', positionals, 1, 2)
  return { name: 'import', target: targetOf(store, values.key), file: file === '-' ? undefined : file }
}

/** The arguments of a command, at least as many as it needs and at most as many as it takes. */
function named(
  command: string,
  words: readonly string[],
  least: number,
  most: number,
): readonly [string, string, string, ...(string | undefined)[]] {
  if (words.length < least) throw new UsageError(`${command} needs ${names[command]}`)
  if (words.length > most) throw new UsageError(`${command} takes no ${JSON.stringify(words[most])}`)
  return words as readonly string[] as readonly [string, string, string, ...(string | undefined)[]]
}

const names: { readonly [command: string]: string } = {
  get: 'STORE ACCOUNT NAMESPACE [SESSION]',
  set: 'STORE ACCOUNT NAMESPACE [SESSION] JSON',
  rm: 'STORE ACCOUNT NAMESPACE SESSION',
  ls: 'STORE [ACCOUNT [NAMESPACE]]',
  export: 'STORE [ACCOUNT [NAMESPACE]]',
  import: 'STORE [FILE]',
}

function targetOf(store: string, key: string | undefined): StoreTarget {
  if (store === '') throw new UsageError('STORE: must be a file or a URL')
  return { store, key: key ?? process.env.CONTEXT_STORE_KEY ?? 'any' }
}

function parsed<const O extends ParseArgsOptionsConfig>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string }
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw error
    // The first sentence of Node's message names the option; advice follows.
    throw new UsageError(message.split(/\.? *\n|\. /, 1)[0] ?? message)
  }
}

function keysOf(
  key: string | undefined,
  accountKeys: readonly string[] | undefined,
): ServeCommandOptions['keys'] {
  if (accountKeys === undefined) return key
  if (key !== undefined) throw new UsageError('--key and --account-key cannot be used together')
  return Object.fromEntries(
    accountKeys.map((pair) => {
      const at = pair.indexOf(':')
      if (at < 1) throw new UsageError('--account-key: must be an account, a colon and its key')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError('--port: must be a whole number from 0 to 65535')
  return port
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!/^\d+$/.test(text) || seconds > 1e10) {
    throw new UsageError('--ttl: must be whole seconds from 0 to 10000000000')
  }
  return seconds
}
