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
import type { NamespaceRow, SessionRow } from './database.ts'
import type { IndexedDbConnection } from './indexed-db-connection.ts'
import { storeError } from './indexed-db-errors.ts'
import { after, answerOf } from './requests.ts'

/** How many sessions one `reclaim` removes: more than the writes between two of them can create. */
const reclaimedAtOnce = 256

/** How many sessions a listing reads at once: their documents come along. */
const readAtOnce = 32

/** The namespace id that a handle found: a hint, compared with the id that its names have now. */
class NamespaceHint {
  readonly id: number
  constructor(id: number) {
    this.id = id
  }
}

/** A namespace in a transaction: as it is stored, and whether the transaction needs it. */
interface Owner {
  readonly account: string
  readonly name: string
  readonly row: NamespaceRow | undefined
  isNeeded: boolean
}

/** A session in a transaction: as it is stored, and then as the writes leave it. */
interface Target {
  readonly id: string
  readonly owner: Owner
  session: StoredSession | undefined
  isChanged: boolean
}

/**
 * The engine's calls. A write is made in the transaction that core has begun, and awaits nothing but that
 * transaction's requests; it decides everything before its first change, so that one that is refused leaves nothing
 * behind in a transaction that it shares with others.
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

  async createNamespace(account: string, namespace: string, ttlSeconds: number | undefined): Promise<void> {
    const now = this.#rules.now()
    const transaction = this.#writing()
    const row = await findNamespace(transaction, account, namespace)
    const namespaces = transaction.objectStore('namespaces')
    if (row === undefined) await addNamespace(transaction, account, namespace, ttlSeconds ?? 0, now)
    else if (ttlSeconds !== undefined) await answerOf(namespaces.put({ ...row, ttlSeconds }))
  }

  async namespaceInfo(account: string, namespace: string): Promise<NamespaceInfo | undefined> {
    const row = await findNamespace(await this.#reading(), account, namespace)
    return row && namespaceInfoOf(row.name, row.createdAt, row.ttlSeconds)
  }

  async deleteNamespace(account: string, namespace: string): Promise<void> {
    const transaction = this.#writing()
    const row = await findNamespace(transaction, account, namespace)
    if (row === undefined) return
    // Its sessions are out of sight with it, and are removed in steps: a range of many would hold up every writer.
    await Promise.all([
      answerOf(transaction.objectStore('namespaces').delete(row.id)),
      answerOf(transaction.objectStore('deleted').put(true, row.id)),
    ])
  }

  async listAccounts({ from, limit }: ListRequest): Promise<Slice<string>> {
    const index = (await this.#reading()).objectStore('namespaces').index('byName')
    const accounts: string[] = []
    let range = from === undefined ? undefined : IDBKeyRange.lowerBound([from, []])
    for (;;) {
      const cursor = await answerOf(index.openKeyCursor(range))
      if (cursor === null) return { items: accounts, next: undefined }
      if (accounts.length === limit) return { items: accounts, next: accounts.at(-1) }
      const [account] = cursor.key as [string, string]
      accounts.push(account)
      range = IDBKeyRange.lowerBound([account, []])
    }
  }

  async listNamespaces(account: string, { from, limit }: ListRequest): Promise<Slice<NamespaceInfo>> {
    const index = (await this.#reading()).objectStore('namespaces').index('byName')
    const rows: NamespaceRow[] = await answerOf(index.getAll(after([account], from), limit + 1))
    const items = rows.slice(0, limit).map((row) => namespaceInfoOf(row.name, row.createdAt, row.ttlSeconds))
    return { items, next: rows.length > limit ? rows[limit - 1]?.name : undefined }
  }

  async listSessions(
    account: string,
    namespace: string,
    { from, limit, properties }: SessionListRequest,
  ): Promise<Slice<ListedSession>> {
    const now = this.#rules.now()
    const transaction = await this.#reading()
    const owner = await findNamespace(transaction, account, namespace)
    if (owner === undefined) return { items: [], next: undefined }
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

  async update(
    address: CheckedAddress,
    names: readonly string[],
    change: (current: Properties) => PatchRequest | undefined,
  ): Promise<void> {
    // One instant for both halves: a session must not expire between them.
    const now = this.#rules.now()
    const transaction = this.#writing()
    const target = await findSession(transaction, address)
    const document = documentOf(target?.session, now)
    const request = change(document === undefined ? {} : readDocumentProperties(document, names))
    if (request === undefined) return
    const changed = target ?? newTarget(address)
    this.#decide({ kind: 'patch', address, request }, changed, now)
    await carryOut(transaction, [changed], now)
  }

  async batch(writes: readonly BatchWrite[]): Promise<BatchOutcome> {
    const now = this.#rules.now()
    const transaction = this.#writing()
    const targets = await findTargets(transaction, writes)
    const refused = makeInOrder(writes, (write) => {
      const target = targets.of(write.address)
      return this.#decide(write, target, now)
    })
    if (refused === undefined) await carryOut(transaction, targets.all, now)
    return refused
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
    const life = (await findSession(await this.#reading(), address))?.session?.life
    if (life === undefined || isExpired(life.expiresAt, now)) return undefined
    return sessionInfoOf(address.session, life)
  }

  async reclaim(): Promise<boolean> {
    const now = this.#rules.now()
    const transaction = this.#writing()
    const sessions = transaction.objectStore('sessions')
    const isOver = IDBKeyRange.upperBound(now)
    const expired = await answerOf(sessions.index('byExpiry').getAllKeys(isOver, reclaimedAtOnce))
    for (const key of expired) sessions.delete(key)
    const deleted = transaction.objectStore('deleted')
    const [id] = await answerOf(deleted.getAllKeys(undefined, 1))
    if (id === undefined) return expired.length === reclaimedAtOnce
    const left = await answerOf(sessions.getAllKeys(after([Number(id)], undefined), reclaimedAtOnce))
    for (const key of left) sessions.delete(key)
    if (left.length < reclaimedAtOnce) deleted.delete(id)
    return left.length === reclaimedAtOnce || expired.length === reclaimedAtOnce
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** The transaction that core has begun for this call. */
  #writing(): IDBTransaction {
    const { current } = this.#connection
    if (current === undefined) throw new StoreUnavailableError('no transaction has begun')
    return current
  }

  /** The transaction that core has begun, for a read behind writes, or one of its own. */
  async #reading(): Promise<IDBTransaction> {
    return this.#connection.current ?? this.#connection.reading()
  }

  async #readDocument(address: CheckedAddress): Promise<string | undefined> {
    const now = this.#rules.now()
    return documentOf((await findSession(await this.#reading(), address))?.session, now)
  }

  /** Decides a write, and notes in its target what it comes to. */
  #decide(write: BatchWrite, target: Target, now: number): WriteOutcome {
    const { owner, session } = target
    const decision = this.#decisionOf(write, owner, session, now)
    if (decision.action === 'refuse') return decision.current
    if (write.kind === 'patch') owner.isNeeded = true
    if (decision.action === 'keep') return undefined
    target.session = decision.action === 'end' ? undefined : decision
    target.isChanged = true
    return undefined
  }

  #decisionOf(
    write: BatchWrite,
    { row, isNeeded }: Owner,
    session: StoredSession | undefined,
    now: number,
  ): WriteDecision {
    if (write.kind === 'clear') return decideClear(session, write.expected, now)
    if (write.kind === 'delete') return decideDelete(session, write.names, now, write.expected)
    const ttl = row?.ttlSeconds ?? (isNeeded ? 0 : undefined)
    return decidePatch(session, ttl, write.request, this.#rules, now)
  }
}

/** Finds a namespace. */
function findNamespace(
  transaction: IDBTransaction,
  account: string,
  name: string,
): Promise<NamespaceRow | undefined> {
  return answerOf(transaction.objectStore('namespaces').index('byName').get([account, name]))
}

/** Finds a session and its namespace; `undefined`: not even that exists. */
async function findSession(
  transaction: IDBTransaction,
  address: CheckedAddress,
): Promise<Target | undefined> {
  const { memo, account, namespace, session } = address
  const sessions = transaction.objectStore('sessions')
  const find = (id: number): Promise<SessionRow | undefined> => answerOf(sessions.get([id, session]))
  // Asked for together where a handle has an idea of the namespace's id: each answer is a turn of the event loop.
  const hinted = memo instanceof NamespaceHint ? find(memo.id) : undefined
  const [row, likely] = await Promise.all([findNamespace(transaction, account, namespace), hinted])
  if (row === undefined) return undefined
  const isHinted = memo instanceof NamespaceHint && memo.id === row.id
  const found = isHinted ? likely : await find(row.id)
  address.memo = isHinted ? memo : new NamespaceHint(row.id)
  const owner = { account, name: namespace, row, isNeeded: false }
  return { id: session, owner, session: found && storedSession(found), isChanged: false }
}

function newTarget({ account, namespace, session }: CheckedAddress): Target {
  const owner = { account, name: namespace, row: undefined, isNeeded: false }
  return { id: session, owner, session: undefined, isChanged: false }
}

/** The sessions of a batch, each once, with their namespaces, each once. */
async function findTargets(
  transaction: IDBTransaction,
  writes: readonly BatchWrite[],
): Promise<{ readonly all: readonly Target[]; of(address: CheckedAddress): Target }> {
  const owners = new Map<string, Owner>()
  const targets = new Map<string, Target>()
  await Promise.all(
    [...new Map(writes.map(({ address }) => [keyOf(address), address]))].map(async ([key, address]) => {
      const found = (await findSession(transaction, address)) ?? newTarget(address)
      const ownerKey = JSON.stringify([address.account, address.namespace])
      const owner = owners.get(ownerKey) ?? found.owner
      owners.set(ownerKey, owner)
      targets.set(key, { ...found, owner })
    }),
  )
  return {
    all: [...targets.values()],
    of: (address) => targets.get(keyOf(address)) ?? newTarget(address),
  }
}

function keyOf({ account, namespace, session }: CheckedAddress): string {
  return JSON.stringify([account, namespace, session])
}

/** Writes what has changed, and the namespaces that a patch needs. */
async function carryOut(transaction: IDBTransaction, targets: readonly Target[], now: number): Promise<void> {
  const sessions = transaction.objectStore('sessions')
  const created = new Map<Owner, Promise<number>>()
  const idOf = async (owner: Owner): Promise<number | undefined> => {
    if (owner.row !== undefined) return owner.row.id
    if (!owner.isNeeded) return undefined
    const creating = created.get(owner) ?? addNamespace(transaction, owner.account, owner.name, 0, now)
    created.set(owner, creating)
    return creating
  }
  await Promise.all(
    targets.map(async ({ owner, id, session, isChanged }) => {
      const namespace = await idOf(owner)
      if (!isChanged || namespace === undefined) return
      const key = [namespace, id]
      if (session === undefined) await answerOf(sessions.delete(key))
      else await answerOf(sessions.put(rowOf(session), key))
    }),
  )
}

async function addNamespace(
  transaction: IDBTransaction,
  account: string,
  name: string,
  ttlSeconds: number,
  now: number,
): Promise<number> {
  const row: Omit<NamespaceRow, 'id'> = { account, name, createdAt: now, ttlSeconds }
  return Number(await answerOf(transaction.objectStore('namespaces').add(row)))
}

/** The document of a session that has not expired. */
function documentOf(session: StoredSession | undefined, now: number): string | undefined {
  return session === undefined || isExpired(session.life.expiresAt, now) ? undefined : session.document
}

/** What is stored of a session. What no store wrote is no document, which whoever reads it finds; it can be cleared. */
function storedSession({ document, createdAt, ttlSeconds, ownTtl, expiresAt }: SessionRow): StoredSession {
  return { document: `${document}`, life: { createdAt, ttlSeconds, ownTtl, expiresAt } }
}

function rowOf({ document, life }: StoredSession): SessionRow {
  const { expiresAt, ...rest } = life
  return expiresAt === undefined ? { document, ...rest } : { document, ...rest, expiresAt }
}
