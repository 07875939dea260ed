import { parseArgs } from 'node:util'

/** How `serve` is to serve; what is undefined is left to the store and the service. */
export interface ServeCommandOptions {
  readonly port: number
  readonly host: string
  /** The SQLite file; `undefined`: in memory. */
  readonly file: string | undefined
  readonly key: string | undefined
  readonly profile: string | undefined
  readonly cors: string | undefined
  readonly namespaces: string | undefined
}

/** What the command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'serve'; readonly options: ServeCommandOptions }

/** A command line that cannot be; its message is one line that names what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(reason: string) {
    super(`${reason} (see context-store --help)`)
  }
}

/**
 * Reads the command line.
 *
 * @throws `UsageError` for one that cannot be
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args)
  if (values.help) return { name: 'help' }
  if (values.version) return { name: 'version' }
  const [name, ...more] = positionals
  if (name === undefined) throw new UsageError('no command was given')
  if (name !== 'serve') throw new UsageError(`there is no command ${JSON.stringify(name)}`)
  if (more.length > 0) throw new UsageError(`serve takes no ${JSON.stringify(more[0])}`)
  if (values.memory && values.db !== undefined) throw new UsageError('--db and --memory exclude each other')
  if (values.db === '') throw new UsageError('--db: the name of a file')
  const { host = '127.0.0.1', db = './context-store.db', key, profile, cors, namespaces } = values
  const file = values.memory ? undefined : db
  return {
    name,
    options: { port: portOf(values.port ?? '8080'), host, file, key, profile, cors, namespaces },
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        db: { type: 'string' },
        memory: { type: 'boolean' },
        key: { type: 'string' },
        profile: { type: 'string' },
        cors: { type: 'string' },
        namespaces: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // Node's messages go on with advice of their own; the first sentence names the option.
    throw new UsageError(error.message.split(/\.? *\n|\. /, 1)[0] ?? error.message)
  }
}

function portOf(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError('--port: a whole number from 0 to 65535')
  return port
}
