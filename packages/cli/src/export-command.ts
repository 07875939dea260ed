import type { ContextStore, NamespaceInfo } from '@context-store/core'
import type { Command } from './command.ts'
import { withStore } from './open-store.ts'
import { printLine } from './output.ts'
import { Progress } from './progress.ts'
import { sessionLines } from './session-lines.ts'

/** Prints the data of a store, one namespace or session per line. */
export function exportCommand(command: Extract<Command, { readonly name: 'ls' | 'export' }>): Promise<void> {
  return withStore(command.target, false, async (store) => {
    const progress = new Progress('exported', { prints: true })
    const accounts = command.account === undefined ? store.accounts() : [command.account]
    for await (const account of accounts) {
      for await (const info of namespacesOf(store, account, command.namespace)) {
        const { name: namespace, ttlSeconds } = info
        await printLine({ account, namespace, ...(ttlSeconds !== undefined && { ttlSeconds }) })
        for await (const line of sessionLines(store, account, info)) {
          await printLine({ account, namespace, ...line })
          progress.add(1)
        }
      }
    }
    progress.sum()
  })
}

async function* namespacesOf(
  store: ContextStore,
  account: string,
  name: string | undefined,
): AsyncGenerator<NamespaceInfo> {
  if (name === undefined) {
    yield* store.account(account).namespaces()
  } else {
    const info = await store.account(account).namespace(name).info()
    if (info !== undefined) yield info
  }
}
