import {
  type AddressKey,
  absent,
  checkSize,
  isExpired,
  type JsonValue,
  KeyedLocks,
  type NamespaceInfo,
  namespaceNotFound,
  namingCorrupt,
  type PatchOutcome,
  type PatchRequest,
  type Properties,
  type SessionInfo,
  type Slice,
  type StorageAdapter,
  type StoreRules,
  StoreUnavailableError,
  sessionInfoOf,
  setOwn,
} from '@context-store/core'
import { ExpiringBuckets } from './expiring-buckets.ts'
import { namespacePart, SessionKeys } from './keys.ts'
import { listOf, Namespaces } from './namespaces.ts'
import type { RedisConnection, Reply } from './redis-connection.ts'
import type { Script } from './script.ts'
import { SessionListing } from './session-listing.ts'
import { clearScript, deleteScript, patchScript } from './session-scripts.ts'
import { generationOf, jsonOf, lifeOf, propertiesOf, propertyOf, someOf } from './session-text.ts'

/** The generation of a namespace that has ended. */
const ended = '0000000000'

/** What calls on the whole store are queued under; no key of a session or a namespace is empty. */
const directory = ''

/** How often a patch is made while others delete its namespace and create it anew. */
const mostAttempts = 16

/** After how many reclaims it looks for deletions that somebody did not finish. */
const reclaimsBetweenDeletions = 64

/** The engine calls. Calls on one session, or one namespace, keep their order by waiting for one another here:
 * on the way, a forgotten script or a slot that moved could reorder them. */
export class RedisAdapter implements StorageAdapter {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #namespaces: Namespaces
  readonly #listing: SessionListing
  readonly #expiring: ExpiringBuckets
  readonly #locks = new KeyedLocks()
  #patchScript: Script | undefined
  #checking: Promise<void> | undefined
  #checked = false
  #reclaims = 0

  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
    this.#namespaces = new Namespaces(connection, prefix)
    this.#listing = new SessionListing(connection, prefix)
    this.#expiring = new ExpiringBuckets(connection, prefix)
  }

  async ready(): Promise<void> {
    await this.#namespaces.checkLayout()
    this.#checked = true
  }

  createNamespace(
    account: string,
    namespace: string,
    ttlSeconds: number | undefined,
    rules: StoreRules,
  ): Promise<void> {
    return this.#locks.exclude(namespacePart(account, namespace), async () => {
      await this.#start()
      await this.#namespaces.create(account, namespace, ttlSeconds, rules)
    })
  }

  namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return this.#locks.share(namespacePart(account, namespace), async () => {
      await this.#start()
      return this.#namespaces.info(account, namespace)
    })
  }

  deleteNamespace(account: string, namespace: string): Promise<void> {
    return this.#locks.exclude(namespacePart(account, namespace), async () => {
      await this.#start()
      await this.#namespaces.delete(account, namespace)
    })
  }

  listNamespaces(account: string, from: string | undefined, limit: number): Promise<Slice<NamespaceInfo>> {
    return this.#locks.share(directory, async () => {
      await this.#start()
      return this.#namespaces.list(account, from, limit)
    })
  }

  listAccounts(from: string | undefined, limit: number): Promise<Slice<string>> {
    return this.#locks.share(directory, async () => {
      await this.#start()
      return this.#namespaces.listAccounts(from, limit)
    })
  }

  patch(address: AddressKey, request: PatchRequest, rules: StoreRules): Promise<PatchOutcome> {
    const keys = this.#keysOf(address)
    return this.#locks.exclude(keys.session, () => this.#patch(address, keys, request, rules))
  }

  readProperty(address: AddressKey, name: string, rules: StoreRules): Promise<JsonValue | undefined> {
    return this.#read(address, rules, (text) => (text === undefined ? undefined : propertyOf(text, name)))
  }

  readProperties(
    address: AddressKey,
    names: readonly string[] | undefined,
    rules: StoreRules,
  ): Promise<Properties> {
    return this.#read(address, rules, (text) => {
      if (text === undefined) return {}
      return names === undefined ? propertiesOf(text) : someOf(text, names)
    })
  }

  deleteProperties(address: AddressKey, names: readonly string[], rules: StoreRules): Promise<void> {
    const args = [timeOf(rules), ...names.map((name) => JSON.stringify(name))]
    return this.#change(address, deleteScript, args)
  }

  clearSession(address: AddressKey): Promise<void> {
    return this.#change(address, clearScript, [])
  }

  sessionInfo(address: AddressKey, rules: StoreRules): Promise<SessionInfo | undefined> {
    return this.#read(address, rules, (text) =>
      text === undefined ? undefined : sessionInfoOf(address.session, lifeOf(text)),
    )
  }

  listSessions(
    account: string,
    namespace: string,
    from: string | undefined,
    limit: number,
    rules: StoreRules,
  ): Promise<Slice<SessionInfo>> {
    return this.#locks.share(namespacePart(account, namespace), async () => {
      await this.#start()
      const { slice, known } = await this.#listing.list(account, namespace, from, limit, timeOf(rules))
      if (!known && rules.explicitNamespaces) await this.#find(account, namespace, rules)
      return slice
    })
  }

  reclaim(rules: StoreRules): Promise<void> {
    return this.#locks.share(directory, async () => {
      if (this.#reclaims++ % reclaimsBetweenDeletions === 0) await this.#namespaces.finishDeletion()
      await this.#expiring.reclaim(timeOf(rules))
    })
  }

  async close(): Promise<void> {
    await this.#locks.ended()
    this.#connection.close()
  }

  async #patch(
    address: AddressKey,
    keys: SessionKeys,
    { changes, expected, ttlSeconds }: PatchRequest,
    rules: StoreRules,
  ): Promise<PatchOutcome> {
    if (!this.#checked) await this.#start()
    this.#patchScript ??= patchScript(rules)
    const removed: string[] = []
    let lines = ''
    for (const name of changes.names) {
      const value = changes.values[name]
      if (value === absent) removed.push(JSON.stringify(name))
      else lines += `\n${JSON.stringify(name)}:${JSON.stringify(value)},`
    }
    const conditions = (expected?.names ?? []).flatMap((name) => {
      const value = expected?.values[name]
      return [JSON.stringify(name), value === absent ? '' : JSON.stringify(value)]
    })
    const special =
      rules.now !== undefined || ttlSeconds !== undefined || removed.length + conditions.length > 0
    let record = ''
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const options =
        special || record !== ''
          ? `${timeOf(rules)}|${ttlSeconds ?? ''}|${removed.length}|${conditions.length / 2}|${record}`
          : ''
      const reply = await this.#connection.run(
        this.#patchScript,
        [keys.record, keys.session, keys.index],
        [options, lines, ...removed, ...conditions],
        { isWrite: true, address: addressOf(address) },
      )
      if (typeof reply === 'string') {
        const [length, properties] = reply.split(' ')
        checkSize(address, Number(length), Number(properties), rules)
      }
      if (typeof reply !== 'number') return currentOf(expected?.names ?? [], reply)
      if (reply > 0) {
        if (reply === 2) this.#expiring.add(keys)
        return undefined
      }
      const { account, namespace } = address
      record = await this.#find(account, namespace, rules, -reply)
    }
    throw new StoreUnavailableError('the namespace is deleted by others all the time: try again later', {
      address: addressOf(address),
    })
  }

  /** The record of a namespace, which begins where it may. */
  async #find(account: string, namespace: string, rules: StoreRules, passing = 0): Promise<string> {
    const create = !rules.explicitNamespaces
    const record = await this.#namespaces.record(account, namespace, { create, passing }, rules)
    if (record === undefined) throw namespaceNotFound(account, namespace)
    return record
  }

  #read<T>(address: AddressKey, rules: StoreRules, take: (text: string | undefined) => T): Promise<T> {
    const keys = this.#keysOf(address)
    return this.#locks.share(keys.session, async () => {
      if (!this.#checked) await this.#start()
      const reply = await this.#connection.send(keys.record, ['MGET', keys.record, keys.session], {
        isWrite: false,
        address: addressOf(address),
      })
      const [record, text] = listOf(reply)
      if (typeof record !== 'string' || generationOf(record) === ended) {
        if (rules.explicitNamespaces) await this.#find(address.account, address.namespace, rules)
        return take(undefined)
      }
      // MGET says nothing of a key that is no string; GET does.
      if (text === null) await this.#connection.send(keys.session, ['GET', keys.session], { isWrite: false })
      try {
        return take(typeof text === 'string' && isAlive(text, record, rules) ? text : undefined)
      } catch (error) {
        throw namingCorrupt(address, error)
      }
    })
  }

  #change(address: AddressKey, script: Script, args: readonly string[]): Promise<void> {
    const { record, session, index } = this.#keysOf(address)
    return this.#locks.exclude(session, async () => {
      if (!this.#checked) await this.#start()
      await this.#connection.run(script, [record, session, index], args, {
        isWrite: true,
        address: addressOf(address),
      })
    })
  }

  /** Looks at the layout before the first call of all. */
  #start(): Promise<void> {
    if (this.#checked) return Promise.resolve()
    this.#checking ??= this.ready().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  #keysOf(address: AddressKey): SessionKeys {
    const { memo } = address
    if (memo instanceof SessionKeys) return memo
    const keys = new SessionKeys(this.#prefix, address)
    address.memo = keys
    return keys
  }
}

/** Whether a session is one of the namespace as it is now, and has not expired. */
function isAlive(text: string, record: string, rules: StoreRules): boolean {
  // Without a clock of the store's own the engine ends a session at the very millisecond, by the same clock.
  const time = rules.now?.()
  const isOfNow = generationOf(text) === generationOf(record)
  if (isOfNow && time === undefined) return true
  const { expiresAt } = lifeOf(text)
  return isOfNow && time !== undefined && !isExpired(expiresAt, time)
}

/** The time as scripts take it; empty: the server's own. */
function timeOf(rules: StoreRules): string {
  return rules.now === undefined ? '' : String(rules.now())
}

function addressOf({
  account,
  namespace,
  session,
}: AddressKey): Required<{ account: string; namespace: string; session: string }> {
  return { account, namespace, session }
}

function currentOf(names: readonly string[], reply: Reply): Properties {
  const texts = listOf(reply)
  const current: Properties = {}
  names.forEach((name, index) => {
    const text = texts[index]
    if (typeof text === 'string' && text !== '') setOwn(current, name, jsonOf(text))
  })
  return current
}
