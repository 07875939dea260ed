import { randomUUID } from 'node:crypto'
import type { KeyedLocks } from '@context-store/core'
import type { KeyvCalls } from './keyv-calls.ts'
import type { NameIndex } from './name-index.ts'
import type { RecordKeys } from './record-keys.ts'
import { type NamespaceRecord, namespaceOf, namespaceText } from './records.ts'

/** A namespace that was deleted, as the index of those has it. */
export interface DeletedNamespace {
  readonly account: string
  readonly name: string
  readonly generation: string
}

/** The namespaces and accounts. Whoever begins or ends one has its turn at the account. */
export class KeyvNamespaces {
  readonly #calls: KeyvCalls
  readonly #index: NameIndex
  readonly #keys: RecordKeys
  readonly #locks: () => KeyedLocks

  constructor(calls: KeyvCalls, index: NameIndex, keys: RecordKeys, locks: () => KeyedLocks) {
    this.#calls = calls
    this.#index = index
    this.#keys = keys
    this.#locks = locks
  }

  async find(account: string, name: string): Promise<NamespaceRecord | undefined> {
    return namespaceOf(await this.#calls.read(this.#keys.namespace(account, name)), account, name)
  }

  /** The namespace, begun where it is not there; it takes a stated time to live. */
  begin(
    account: string,
    name: string,
    ttlSeconds: number | undefined,
    now: () => number,
  ): Promise<NamespaceRecord> {
    return this.#locks().exclude(this.#keys.namespaces(account), async () => {
      const found = await this.find(account, name)
      if (found !== undefined && (ttlSeconds === undefined || ttlSeconds === found.ttlSeconds)) return found
      const record = found ?? { account, name, generation: randomUUID(), createdAt: now(), ttlSeconds: 0 }
      if (found === undefined) {
        // First where it is looked for, then the record: what has one can be found.
        await this.#index.add(this.#keys.accounts, account)
        await this.#index.add(this.#keys.namespaces(account), name)
      }
      const stated = { ...record, ttlSeconds: ttlSeconds ?? record.ttlSeconds }
      await this.#calls.write(this.#keys.namespace(account, name), namespaceText(stated), 0)
      return stated
    })
  }

  /** Ends a namespace at once for every reader; its sessions are left to whoever reads the index of the deleted. */
  async end(account: string, name: string): Promise<DeletedNamespace | undefined> {
    const record = await this.find(account, name)
    if (record === undefined) return undefined
    const deleted = { account, name, generation: record.generation }
    await this.#index.add(this.#keys.deleted, nameOfDeleted(deleted))
    await this.#calls.remove(this.#keys.namespace(account, name))
    return deleted
  }

  /** Takes a namespace without a record out of the listings, and its account with the last one. */
  forget(account: string, name: string): Promise<void> {
    return this.#locks().exclude(this.#keys.namespaces(account), async () => {
      if ((await this.find(account, name)) !== undefined) return
      const left = await this.#index.remove(this.#keys.namespaces(account), name)
      if (!left) await this.#index.remove(this.#keys.accounts, account)
    })
  }

  /** One of the deleted namespaces that still have sessions to remove. */
  async firstDeleted(): Promise<DeletedNamespace | undefined> {
    for await (const { name } of this.#index.names(this.#keys.deleted, undefined)) {
      const [account, namespace, generation]: readonly string[] = JSON.parse(name)
      if (account !== undefined && namespace !== undefined && generation !== undefined) {
        return { account, name: namespace, generation }
      }
    }
    return undefined
  }

  /** Notes that nothing is left of a deleted namespace. */
  async forgetDeleted(deleted: DeletedNamespace): Promise<void> {
    await this.#index.remove(this.#keys.deleted, nameOfDeleted(deleted))
  }
}

function nameOfDeleted({ account, name, generation }: DeletedNamespace): string {
  return JSON.stringify([account, name, generation])
}
