import type { Command } from './command.ts'
import { listsOnlyIds, withStore } from './open-store.ts'
import { printLine } from './output.ts'

/** Lists accounts, an account's namespaces, or a namespace's sessions. */
export function listCommand(command: Extract<Command, { readonly name: 'ls' | 'export' }>): Promise<void> {
  return withStore(command.target, false, async (store) => {
    const { account, namespace } = command
    if (account === undefined) {
      for await (const id of store.accounts()) await printLine({ account: id })
    } else if (namespace === undefined) {
      for await (const { name, ...info } of store.account(account).namespaces()) {
        await printLine({ namespace: name, ...info })
      }
    } else if (listsOnlyIds(store)) {
      for await (const session of store.sessionIds(account, namespace)) await printLine({ session })
    } else {
      for await (const { id, ...info } of store.account(account).namespace(namespace).sessions()) {
        await printLine({ session: id, ...info })
      }
    }
  })
}
