import { CommanderError, Command as Program } from 'commander'
import { type Command, type ServeCommandOptions, type StoreTarget, UsageError } from './command.ts'
import { version } from './version.ts'

/**
 * Parses the command line.
 *
 * @throws `UsageError` for an invalid one
 */
export function parseCommand(args: readonly string[]): Command {
  let printed = ''
  let command: Command | undefined
  const print = (text: string): void => {
    printed += text
  }
  const program = programOf((parsed) => {
    command = parsed
  }, print)
  try {
    program.parse([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { name: 'print', text: printed.trimEnd() }
    // Without a command, commander prints its help.
    if (error.code === 'commander.help') throw new UsageError(printed.trimEnd(), { isWhole: true })
    throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
  }
  if (command === undefined) throw new UsageError('no command given')
  return command
}

interface ServeFlags {
  readonly port: string
  readonly host: string
  readonly db?: string
  readonly memory?: boolean
  readonly key?: string
  readonly accountKey?: readonly string[]
  readonly profile?: string
  readonly cors?: string
  readonly namespaces?: string
  readonly control?: boolean
  readonly seed?: string
  readonly exportOnExit?: string
  readonly quiet?: boolean
  readonly json?: boolean
}
interface DataFlags {
  readonly key?: string
  readonly property?: readonly string[]
  readonly raw?: boolean
  readonly ttl?: string
  readonly all?: boolean
}

/** Describes the command line to commander. Output goes to `print`, the parsed command to `choose`. */
function programOf(choose: (command: Command) => void, print: (text: string) => void): Program {
  const program = new Program('context-store')
    .description(
      'Serve a store of conversation context over HTTP, and read, write, export and import its data.',
    )
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', afterHelp)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: print, outputError: () => undefined })

  program
    .command('serve')
    .description("serve a store over HTTP, as the vendor's REST service does")
    .option('--port <n>', 'the port; 0 picks a free one', '8080')
    .option('--host <host>', 'the address to listen on; 127.0.0.1 is only this machine', '127.0.0.1')
    .option('--db <file>', 'the SQLite file, created if missing (default: "./context-store.db")')
    .option('--memory', 'keep the data in memory instead; it is lost when the server ends')
    .option('--key <key>', 'the API key of every account (default: any non-empty key)')
    .option(
      '--account-key <account:key>',
      'the API key of one account; may be repeated; other accounts accept no key',
      repeated,
    )
    .option(
      '--profile <name>',
      "2019: as the vendor's page of 2019; service: as its newer pages and client (default: 2019)",
    )
    .option(
      '--cors <origin>',
      'allow pages of this origin to call from a browser; * allows any (default: none)',
    )
    .option(
      '--namespaces <how>',
      'explicit: namespaces must be created before they are used (default: implicit)',
    )
    .option('--seed <file>', 'before serving, merge this JSON file: account, namespace, session, properties')
    .option(
      '--export-on-exit <file>',
      'write all data to this file when the server ends, in the format of --seed',
    )
    .option('--control', 'run as a test double, in memory, that tests control over HTTP at /control/')
    .option('--quiet', 'do not log requests')
    .option('--json', 'print JSON, one object per line')
    .action((flags: ServeFlags) => choose(serveCommand(flags)))

  const onData = (name: string, description: string): Program =>
    program
      .command(name)
      .description(description)
      .option(
        '--key <key>',
        'the API key of a service (default: the environment variable CONTEXT_STORE_KEY, or "any")',
      )

  onData('get', "print a session's properties, or only those named; exit code 3 if there are none")
    .argument('<store>', storeHelp)
    .argument('<account>')
    .argument('<namespace>')
    .argument('[session]', sessionHelp)
    .option('--property <name>', 'print only this property; may be repeated', repeated)
    .option('--raw', 'print only the value of the one --property, a string without quotes')
    .action(
      (store: string, account: string, namespace: string, session: string | undefined, flags: DataFlags) => {
        const { property: properties, raw = false } = flags
        if (raw && properties?.length !== 1) throw new UsageError('get: --raw needs exactly one --property')
        choose({
          name: 'get',
          target: targetOf(store, flags.key),
          address: { account, namespace, session },
          properties,
          raw,
        })
      },
    )

  onData('set', 'merge properties into a session')
    .argument('<store>', storeHelp)
    .argument('<account>')
    .argument('<namespace>')
    .argument(
      '<properties...>',
      'optionally the session, then a JSON object, name=value pairs, or - for a JSON object on stdin',
    )
    .option('--ttl <seconds>', 'the time to live of the session, from its last write; 0: never expires')
    .action((store: string, account: string, namespace: string, words: string[], flags: DataFlags) => {
      const { session, properties } = setWords(words)
      const ttlSeconds = flags.ttl === undefined ? undefined : secondsOf(flags.ttl)
      choose({
        name: 'set',
        target: targetOf(store, flags.key),
        address: { account, namespace, session },
        properties,
        ttlSeconds,
      })
    })

  onData('rm', 'remove properties, a session, or a namespace with all its sessions')
    .argument('<store>', storeHelp)
    .argument('<account>')
    .argument('<namespace>')
    .argument('[session]', 'the session; required without --all')
    .option('--property <name>', 'remove only this property of the session; may be repeated', repeated)
    .option('--all', 'delete the namespace with all its sessions')
    .action(
      (store: string, account: string, namespace: string, session: string | undefined, flags: DataFlags) => {
        // A forgotten argument must not delete a namespace.
        if ((session === undefined) !== (flags.all ?? false)) {
          throw new UsageError(
            'rm: give either a session, or --all to delete the namespace with all its sessions',
          )
        }
        if (session === undefined && flags.property !== undefined) {
          throw new UsageError('rm: --property needs a session')
        }
        choose({
          name: 'rm',
          target: targetOf(store, flags.key),
          address: { account, namespace, session },
          properties: flags.property,
        })
      },
    )

  const listing = (name: 'ls' | 'export', description: string): void => {
    onData(name, description)
      .argument('<store>', storeHelp)
      .argument('[account]')
      .argument('[namespace]')
      .action(
        (store: string, account: string | undefined, namespace: string | undefined, flags: DataFlags) => {
          choose({ name, target: targetOf(store, flags.key), account, namespace })
        },
      )
  }
  listing('ls', "list accounts, an account's namespaces, or a namespace's sessions")
  listing('export', 'print namespaces, and sessions with their properties, for import')

  onData('import', 'merge the output of export into a store')
    .argument('<store>', storeHelp)
    .argument('[file]', 'the file, or - for stdin (default: stdin)')
    .action((store: string, file: string | undefined, flags: DataFlags) => {
      choose({ name: 'import', target: targetOf(store, flags.key), file: file === '-' ? undefined : file })
    })
  return program
}

const storeHelp = 'a SQLite file, a redis:// or rediss:// URL, or the http(s):// URL of a service'
const sessionHelp = 'the session (default: __default__)'
const afterHelp = `
Commands on data print JSON, one object per line.

Exit codes: 0 success, or serve ended by SIGINT or SIGTERM; 1 failure; 2 invalid command line; 3 get found nothing.

Try: context-store set shop.db my-shop orders c1 step=2 && context-store get shop.db my-shop orders c1`

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function serveCommand(flags: ServeFlags): Command {
  if (flags.memory && flags.db !== undefined)
    throw new UsageError('--db and --memory cannot be used together')
  for (const [option, value] of [
    ['--db', flags.db],
    ['--namespaces', flags.namespaces],
    ['--export-on-exit', flags.exportOnExit],
  ]) {
    if (flags.control && value !== undefined) {
      throw new UsageError(`--control: the test double does not support ${option}`)
    }
  }
  for (const [option, value] of [
    ['--db', flags.db],
    ['--seed', flags.seed],
    ['--export-on-exit', flags.exportOnExit],
  ]) {
    if (value === '') throw new UsageError(`${option}: must be the name of a file`)
  }
  const { host, db = './context-store.db', profile, cors, namespaces, seed, exportOnExit } = flags
  return {
    name: 'serve',
    options: {
      port: portOf(flags.port),
      host,
      file: flags.memory || flags.control ? undefined : db,
      keys: keysOf(flags.key, flags.accountKey),
      profile,
      cors,
      namespaces,
      seed,
      exportOnExit,
      control: flags.control ?? false,
      json: flags.json ?? false,
      log: !flags.quiet,
    },
  }
}

/** The session and the properties of `set`: a first word that is neither JSON nor a pair is the session. */
function setWords(words: readonly string[]): {
  readonly session: string | undefined
  readonly properties: { readonly [name: string]: unknown } | undefined
} {
  const last = words.at(-1) ?? ''
  if (last === '-' || last.startsWith('{')) {
    if (words.length > 2) throw new UsageError(`set: unexpected argument ${JSON.stringify(words[1])}`)
    const session = words.length === 2 ? words[0] : undefined
    return { session, properties: last === '-' ? undefined : objectOf(last) }
  }
  const pairs = words[0]?.includes('=') ? words : words.slice(1)
  if (pairs.length === 0) throw new UsageError(`set: nothing to merge: ${whatToMerge}`)
  const session = pairs.length === words.length ? undefined : words[0]
  return { session, properties: Object.fromEntries(pairs.map(pairOf)) }
}

const whatToMerge = 'give a JSON object such as \'{"step":2}\', or pairs such as step=2'

function objectOf(json: string): { readonly [name: string]: unknown } {
  try {
    return JSON.parse(json)
  } catch {
    throw new UsageError(`set: invalid JSON: ${whatToMerge}`)
  }
}

/** A value that is valid JSON is parsed; any other is a string. */
function pairOf(pair: string): [name: string, value: unknown] {
  const at = pair.indexOf('=')
  // An empty name is almost always an empty shell variable; a JSON object can have one.
  if (at < 1) throw new UsageError(`set: ${JSON.stringify(pair)} is not a name=value pair: ${whatToMerge}`)
  const [name, text] = [pair.slice(0, at), pair.slice(at + 1)]
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(Number(text))) {
    throw new UsageError(
      `set: ${name}: a JSON number cannot keep all digits: give a string, ${name}='"${text}"'`,
    )
  }
  try {
    return [name, JSON.parse(text)]
  } catch {
    return [name, text]
  }
}

function targetOf(store: string, key: string | undefined): StoreTarget {
  if (store === '') throw new UsageError('store: must be a file name or a URL')
  return { store, key: key ?? process.env.CONTEXT_STORE_KEY ?? 'any' }
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
      if (at < 1)
        throw new UsageError('--account-key: must be the account, a colon and its key, such as 577089:secret')
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
    throw new UsageError('--ttl: must be a whole number of seconds from 0 to 10000000000')
  }
  return seconds
}
