#!/usr/bin/env node
import { ContextStoreError } from '@context-store/core'
import { parseCommand, UsageError } from './arguments.ts'
import { help } from './help.ts'
import { version } from './version.ts'

// `serve` brings a server along; `--help` is not to wait for it.
async function run(args: readonly string[]): Promise<void> {
  const command = parseCommand(args)
  if (command.name === 'help') console.log(help)
  else if (command.name === 'version') console.log(version)
  else await (await import('./serve-command.ts')).serveCommand(command.options)
}

try {
  await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError) && !ContextStoreError.is(error)) throw error
  console.error(`context-store: ${error.message}`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
