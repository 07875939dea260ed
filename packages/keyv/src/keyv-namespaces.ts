import { randomUUID } from 'node:crypto'
import { KeyvCalls } from './keyv-calls.ts'
import type { KeyvInstance } from './keyv-instance.ts'
import { NameIndex } from './name-index.ts'
import { RecordKeys } from './record-keys.ts'
import { type NamespaceGeneration, type NamespaceRecord, namespaceOf, recordText } from './records.ts'

/** The namespaces and accounts. A namespace is created, ended or unlisted while its account's lock is held. */
export class KeyvNamespaces {
  readonly calls: KeyvCalls
  readonly index: NameIndex
  readonly keys: RecordKeys

  constructor(keyv: KeyvInstance) {
    this.calls = new KeyvCalls(keyv)
    this.index = new NameIndex(this.calls)
    this.keys = new RecordKeys(keyv.namespace)
  }

  /** The namespace; `undefined` if it does not exist. */
  async find(account: string, name: string): Promise<NamespaceRecord | undefined> {
    return namespaceOf(await this.calls.read(this.keys.namespace(account, name)), account, name)
  }

  /** The namespace, created if missing; a stated time to live is set. */
  begin(
    account: string,
    name: string,
    ttlSeconds: number | undefined,
    now: number,
  ): Promise<NamespaceRecord> {
    return this.#inLock(account, async () => {
      const found = await this.find(account, name)
      if (found !== undefined && (ttlSeconds ?? found.ttlSeconds) === found.ttlSeconds) return found
      const { generation = randomUUID(), createdAt = now } = found ?? {}
      if (found === undefined) {
        // Before the record, so that every namespace with a record is listed.
        await this.index.add(this.keys.accounts, account)
        await this.index.add(this.keys.namespaces(account), name)
      }
      const record = { account, name, generation, createdAt, ttlSeconds: ttlSeconds ?? 0 }
      await this.calls.write(this.keys.namespace(account, name), recordText('namespace', record), 0)
      return record
    })
  }

  /** Ends a namespace for every reader; until its sessions are removed, the index of deleted namespaces lists it. */
  end(account: string, name: string): Promise<NamespaceGeneration | undefined> {
    return this.#inLock(account, async () => {
      const record = await this.find(account, name)
      if (record === undefined) return undefined
      await this.index.add(this.keys.deleted, nameOfDeleted(record))
      await this.calls.remove(this.keys.namespace(account, name))
      await this.#unlist(account, name).catch(leftToReclaim)
      return record
    })
  }

  /** Removes a namespace without a record from the listings, and its account if it has no other namespace. */
  forget(account: string, name: string): Promise<void> {
    return this.#inLock(account, async () => {
      if ((await this.find(account, name)) === undefined) await this.#unlist(account, name)
    })
  }

  /** One of the deleted namespaces that still have sessions to remove. */
  async someDeleted(): Promise<NamespaceGeneration | undefined> {
    const deleted = await this.index.randomName(this.keys.deleted)
    if (deleted === undefined) return undefined
    const [account = '', name = '', generation = '']: readonly string[] = JSON.parse(deleted)
    return { account, name, generation }
  }

  /** Notes that a deleted namespace has no sessions left. */
  async forgetDeleted(deleted: NamespaceGeneration): Promise<void> {
    await this.index.remove(this.keys.deleted, nameOfDeleted(deleted))
  }

  async #unlist(account: string, name: string): Promise<void> {
    const isAnyLeft = await this.index.remove(this.keys.namespaces(account), name)
    if (!isAnyLeft) await this.index.remove(this.keys.accounts, account)
  }

  #inLock<T>(account: string, work: () => Promise<T>): Promise<T> {
    return this.calls.locks.exclude(this.keys.namespaces(account), work)
  }
}

/**
 * Ignores a failed removal whose effect is already visible: what is left is invisible, and `reclaim` removes it. If the
 * engine keeps failing, the next call reports it.
 */
export function leftToReclaim(): undefined {
  return undefined
}

function nameOfDeleted({ account, name, generation }: NamespaceGeneration): string {
  return JSON.stringify([account, name, generation])
}
