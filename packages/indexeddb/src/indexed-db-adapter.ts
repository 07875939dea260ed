import {
  type JsonValue,
  type NamespaceInfo,
  type Properties,
  type SessionInfo,
  StoreUnavailableError,
} from '@context-store/core'
import {
  type BatchOutcome,
  type BatchWrite,
  type CallKind,
  type CheckedAddress,
  type Condition,
  decideClear,
  decideDelete,
  decidePatch,
  GroupCommit,
  isExpired,
  type ListedSession,
  type ListRequest,
  listedLength,
  listedProperties,
  makeInOrder,
  namespaceInfoOf,
  type PatchRequest,
  readDocumentProperties,
  readDocumentProperty,
  type SessionListRequest,
  type Slice,
  type StorageAdapter,
  type StoredSession,
  type StoreRules,
  sessionInfoOf,
  type WriteDecision,
  type WriteOutcome,
} from '@context-store/core/adapter'
import {
  type CallsInTransaction,
  findNamespace,
  type Owner,
  storedSession,
  type Target,
} from './calls-in-transaction.ts'
import type { NamespaceRow, SessionRow } from './database.ts'
import type { IndexedDbConnection } from './indexed-db-connection.ts'
import { storeError } from './indexed-db-errors.ts'
import { after, answerOf } from './requests.ts'

/** How many sessions one `reclaim` removes: more than the writes between two of them can create. */
const reclaimedAtOnce = 256

/** How many sessions a listing reads at once, with their documents. */
const readAtOnce = 32

/**
 * The calls of the engine. A write is made in the transaction that core has begun, and awaits only requests of that
 * transaction. It decides everything before its first change, so that a refused write leaves nothing behind in a
 * transaction that it shares with others.
 */
export class IndexedDbAdapter implements StorageAdapter {
  readonly keepsOrder = true
  readonly transactions: GroupCommit
  readonly #connection: IndexedDbConnection
  readonly #rules: StoreRules

  constructor(connection: IndexedDbConnection, rules: StoreRules) {
    this.#connection = connection
    this.transactions = new GroupCommit(connection)
    this.#rules = rules
  }

  errorOf(cause: unknown, during: CallKind): ReturnType<typeof storeError> {
    return storeError(cause, during)
  }

  async ready(): Promise<void> {
    await this.#connection.open()
  }

  createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    return this.#alone(async (transaction) => {
      const row = await findNamespace(transaction, account, namespace)
      const now = this.#rules.now()
      if (row === undefined) await addNamespace(transaction, account, namespace, ttlSeconds ?? 0, now)
      else if (ttlSeconds !== undefined) {
        transaction.objectStore('namespaces').put({ ...row, ttlSeconds }, [account, namespace])
      }
    })
  }

  namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    return this.#alone(async (transaction) => {
      const row = await findNamespace(transaction, account, namespace)
      return row && namespaceInfoOf(namespace, row.createdAt, row.ttlSeconds)
    })
  }

  deleteNamespace(account: string, namespace: string): Promise<void> {
    return this.#alone(async (transaction) => {
      const row = await findNamespace(transaction, account, namespace)
      if (row === undefined) return
      // Its sessions are now invisible. They are removed in steps: deleting a large range would block all writers.
      transaction.objectStore('namespaces').delete([account, namespace])
      transaction.objectStore('generations').put(true, row.id)
    })
  }

  listAccounts({ from, limit }: ListRequest): Promise<Slice<string>> {
    return this.#alone(async (transaction) => {
      const namespaces = transaction.objectStore('namespaces')
      const accounts: string[] = []
      let range = from === undefined ? undefined : IDBKeyRange.lowerBound([from, []])
      for (;;) {
        const cursor = await answerOf(namespaces.openKeyCursor(range))
        if (cursor === null) return { items: accounts, next: undefined }
        if (accounts.length === limit) return { items: accounts, next: accounts.at(-1) }
        const [account] = cursor.key as [string, string]
        accounts.push(account)
        range = IDBKeyRange.lowerBound([account, []])
      }
    })
  }

  listNamespaces(account: string, { from, limit }: ListRequest): Promise<Slice<NamespaceInfo>> {
    return this.#alone(async (transaction) => {
      const namespaces = transaction.objectStore('namespaces')
      const range = after([account], from)
      const [keys, rows] = await Promise.all([
        answerOf(namespaces.getAllKeys(range, limit + 1)) as Promise<[string, string][]>,
        answerOf(namespaces.getAll(range, limit + 1)) as Promise<NamespaceRow[]>,
      ])
      const items = rows.slice(0, limit).map(({ createdAt, ttlSeconds }, at) => {
        return namespaceInfoOf(keys[at]?.[1] ?? '', createdAt, ttlSeconds)
      })
      return { items, next: rows.length > limit ? items.at(-1)?.name : undefined }
    })
  }

  listSessions(
    account: string,
    namespace: string,
    request: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    const now = this.#rules.now()
    return this.#alone(async (transaction) => {
      const owner = await findNamespace(transaction, account, namespace)
      if (owner === undefined) return { items: [], next: undefined }
      const { from, limit, properties } = request
      const sessions = transaction.objectStore('sessions')
      const items: ListedSession[] = []
      let last = from
      let length = 0
      for (;;) {
        const wanted = Math.min(readAtOnce, limit + 1 - items.length)
        const range = after([owner.id], last)
        const [keys, rows] = await Promise.all([
          answerOf(sessions.getAllKeys(range, wanted)) as Promise<[number, string][]>,
          answerOf(sessions.getAll(range, wanted)) as Promise<SessionRow[]>,
        ])
        for (const [at, row] of rows.entries()) {
          if (items.length === limit || length >= listedLength) return { items, next: last }
          const id = keys[at]?.[1] ?? ''
          last = id
          const { document, life } = storedSession(row)
          if (isExpired(life.expiresAt, now)) continue
          const info = sessionInfoOf(id, life)
          if (properties === undefined) items.push(info)
          else {
            const address = { account, namespace, session: id }
            items.push({ ...info, properties: listedProperties(address, document, properties) })
            length += document.length
          }
        }
        if (rows.length < wanted) return { items, next: undefined }
      }
    })
  }

  async patch(address: CheckedAddress, request: PatchRequest): Promise<WriteOutcome> {
    return (await this.batch([{ kind: 'patch', address, request }]))?.current
  }

  async deleteProperties(address: CheckedAddress, names: readonly string[]): Promise<void> {
    await this.batch([{ kind: 'delete', address, names, expected: undefined }])
  }

  async clearSession(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    return (await this.batch([{ kind: 'clear', address, expected }]))?.current
  }

  update(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): Promise<void> {
    const calls = this.#writing()
    return calls.onSessions([address], async (targets) => {
      // One instant for both halves: a session must not expire between them.
      const now = this.#rules.now()
      const document = documentOf(targets[0]?.session, now)
      const request = change(document === undefined ? {} : readDocumentProperties(document, names))
      if (request !== undefined) await this.#make([{ kind: 'patch', address, request }], targets, calls, now)
    })
  }

  batch(writes: readonly BatchWrite[]): Promise<BatchOutcome> {
    const calls = this.#writing()
    const addresses = writes.map(({ address }) => address)
    // The clock is read when the transaction runs: it may wait a long time for those of other pages.
    return calls.onSessions(addresses, (targets) => this.#make(writes, targets, calls, this.#rules.now()))
  }

  /** Makes writes on their sessions: decides all of them, then makes the resulting changes. */
  #make(
    writes: readonly BatchWrite[],
    targets: readonly Target[],
    { transaction }: CallsInTransaction,
    now: number,
  ): BatchOutcome | Promise<BatchOutcome> {
    const drafts = new Map<Target, StoredSession | undefined>()
    const needed = new Set<Owner>()
    const refused = makeInOrder(writes, (write, at) => {
      const target = targets[at] as Target
      const session = drafts.has(target) ? drafts.get(target) : target.session
      const decision = this.#decisionOf(write, target.owner, session, now)
      if (decision.action === 'refuse') return decision.current
      if (write.kind === 'patch') needed.add(target.owner)
      if (decision.action === 'write') drafts.set(target, decision)
      else if (decision.action === 'end') drafts.set(target, undefined)
      return undefined
    })
    if (refused !== undefined) return refused
    for (const [target, session] of drafts) target.session = session
    const missing = [...needed].filter(({ row }) => row === undefined)
    if (missing.length === 0) {
      putSessions(transaction, drafts)
      return undefined
    }
    return Promise.all(missing.map((owner) => create(transaction, owner, now))).then(() => {
      putSessions(transaction, drafts)
      return undefined
    })
  }

  #decisionOf(
    write: BatchWrite,
    owner: Owner,
    session: StoredSession | undefined,
    now: number,
  ): WriteDecision {
    if (write.kind === 'clear') return decideClear(session, write.expected, now)
    if (write.kind === 'delete') return decideDelete(session, write.names, now, write.expected)
    return decidePatch(session, owner.row?.ttlSeconds, write.request, this.#rules, now)
  }

  async readProperty(address: CheckedAddress, name: string): Promise<JsonValue | undefined> {
    const document = await this.#readDocument(address)
    return document === undefined ? undefined : readDocumentProperty(document, name)
  }

  async readProperties(address: CheckedAddress, names: readonly string[] | undefined): Promise<Properties> {
    const document = await this.#readDocument(address)
    return document === undefined ? {} : readDocumentProperties(document, names)
  }

  async sessionInfo(address: CheckedAddress): Promise<SessionInfo | undefined> {
    const now = this.#rules.now()
    const life = (await this.#read(address))?.life
    if (life === undefined || isExpired(life.expiresAt, now)) return undefined
    return sessionInfoOf(address.session, life)
  }

  reclaim(): Promise<boolean> {
    const now = this.#rules.now()
    return this.#alone(async (transaction) => {
      const sessions = transaction.objectStore('sessions')
      const isOver = IDBKeyRange.upperBound(now)
      const expired = await answerOf(sessions.index('byExpiry').getAllKeys(isOver, reclaimedAtOnce))
      for (const key of expired) sessions.delete(key)
      const deleted = transaction.objectStore('generations')
      const [id] = await answerOf(deleted.getAllKeys(undefined, 1))
      if (id === undefined) return expired.length === reclaimedAtOnce
      const left = await answerOf(sessions.getAllKeys(after([Number(id)], undefined), reclaimedAtOnce))
      for (const key of left) sessions.delete(key)
      if (left.length < reclaimedAtOnce) deleted.delete(id)
      return left.length === reclaimedAtOnce || expired.length === reclaimedAtOnce
    })
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** The calls of the transaction that core has begun for a write. */
  #writing(): CallsInTransaction {
    const { current } = this.#connection
    if (current === undefined) throw new StoreUnavailableError('no transaction has begun')
    return current
  }

  /** Makes a call that is not limited to sessions that it names. */
  #alone<T>(make: (transaction: IDBTransaction) => Promise<T>): Promise<T> {
    return this.#call((calls) => calls.alone(() => make(calls.transaction)))
  }

  #read(address: CheckedAddress): Promise<StoredSession | undefined> {
    return this.#call((calls) => calls.onSessions([address], ([target]) => target?.session))
  }

  /** Makes a call in the transaction that core has begun, or otherwise a read in a separate one. */
  #call<T>(make: (calls: CallsInTransaction) => Promise<T>): Promise<T> {
    const { current } = this.#connection
    return current === undefined ? this.#connection.reading().then(make) : make(current)
  }

  async #readDocument(address: CheckedAddress): Promise<string | undefined> {
    const now = this.#rules.now()
    return documentOf(await this.#read(address), now)
  }
}

function putSessions(
  transaction: IDBTransaction,
  drafts: ReadonlyMap<Target, StoredSession | undefined>,
): void {
  const sessions = transaction.objectStore('sessions')
  for (const [{ owner, id }, session] of drafts) {
    // Without a namespace there is nothing to remove.
    if (owner.row === undefined) continue
    if (session === undefined) sessions.delete([owner.row.id, id])
    else sessions.put(rowOf(session), [owner.row.id, id])
  }
}

async function create(transaction: IDBTransaction, owner: Owner, now: number): Promise<void> {
  owner.row = await addNamespace(transaction, owner.account, owner.name, 0, now)
}

async function addNamespace(
  transaction: IDBTransaction,
  account: string,
  name: string,
  ttlSeconds: number,
  now: number,
): Promise<NamespaceRow> {
  const generations = transaction.objectStore('generations')
  const id = Number(await answerOf(generations.add(true)))
  generations.delete(id)
  const row: NamespaceRow = { id, createdAt: now, ttlSeconds }
  transaction.objectStore('namespaces').add(row, [account, name])
  return row
}

/** The document of a session that has not expired. */
function documentOf(session: StoredSession | undefined, now: number): string | undefined {
  return session === undefined || isExpired(session.life.expiresAt, now) ? undefined : session.document
}

function rowOf({ document, life }: StoredSession): SessionRow {
  const { expiresAt, ...rest } = life
  return expiresAt === undefined ? { document, ...rest } : { document, ...rest, expiresAt }
}
