#!/usr/bin/env node
import { ContextStoreError } from '@context-store/core'
import { parseCommand } from './arguments.ts'
import { type Command, UsageError } from './command.ts'
import { InputError, NotThereError } from './input-error.ts'

// Each command loads only its own modules, so that `--help` does not load a server.
async function run(command: Command): Promise<void> {
  switch (command.name) {
    case 'print':
      return console.log(command.text)
    case 'serve':
      return (await import('./serve-command.ts')).serveCommand(command.options)
    case 'get':
      return (await import('./property-commands.ts')).getCommand(command)
    case 'set':
      return (await import('./property-commands.ts')).setCommand(command)
    case 'rm':
      return (await import('./property-commands.ts')).removeCommand(command)
    case 'ls':
      return (await import('./list-command.ts')).listCommand(command)
    case 'export':
      return (await import('./export-command.ts')).exportCommand(command)
    case 'import':
      return (await import('./import-command.ts')).importCommand(command)
  }
}

// If the reader of the output stops early (`| head -1`), a command on data succeeds, and a server goes on. Any other
// failure to write the output, such as a full disk, is an error.
let isServing = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (isServing) return
  const hasNoReader = error.code === 'EPIPE'
  if (!hasNoReader) console.error(`context-store: the output could not be written in full: ${error.message}`)
  process.exit(hasNoReader ? 0 : 1)
})

try {
  const command = parseCommand(process.argv.slice(2))
  isServing = command.name === 'serve'
  await run(command)
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof InputError) && !ContextStoreError.is(error))
    throw error
  console.error(error instanceof UsageError ? error.message : `context-store: ${error.message}`)
  process.exitCode = error instanceof UsageError ? 2 : error instanceof NotThereError ? 3 : 1
}
