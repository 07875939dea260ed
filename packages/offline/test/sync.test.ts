import {
  absent,
  type ContextStore,
  InvalidValueError,
  type Properties,
  TooLargeError,
} from '@context-store/core'
import { engineOf } from '@context-store/core/adapter'
import { memoryStore } from '@context-store/memory'
import { type OfflineEvent, type OfflineOptions, offlineStore } from '@context-store/offline'
import { restStore } from '@context-store/rest/client'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { everything, Network, unauthorized } from './network.ts'

const opened: ContextStore[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

/** A new device with a network, a remote store, and a list of its events. */
function device(options: Partial<OfflineOptions> = {}, remote: ContextStore = memoryStore()) {
  const network = new Network()
  const local = memoryStore()
  const store = offlineStore({
    local,
    remote: network.through(remote),
    pull: 'manual',
    push: 'manual',
    ...options,
  })
  opened.push(store)
  const events: OfflineEvent[] = []
  store.subscribe((event) => void (event.type === 'status' || events.push(event)))
  return { store, network, remote, local, events, at: sessionOf(store), there: sessionOf(remote) }
}

function sessionOf(store: ContextStore) {
  return store.account('577089').namespace('shop').session('visit')
}

async function list<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

test('a write without a network can be read here at once, and is sent with `flush`', async () => {
  const { store, at, there, network } = device()
  network.weather = 'down'
  await at.patch({ basket: ['tea'], step: 1, old: 0 })
  await at.patch({ step: 2, old: absent })
  expect(await at.getAll()).toEqual({ basket: ['tea'], step: 2 })
  expect(await store.flush()).toMatchObject({
    state: 'offline',
    pending: 1,
    lastError: { code: 'unavailable' },
  })
  expect(await there.getAll()).toEqual({})

  network.weather = 'up'
  const status = await store.flush()
  expect(status).toMatchObject({ state: 'synced', pending: 0, rejected: 0, lastSyncedAt: expect.any(Date) })
  expect(status).not.toHaveProperty('lastError')
  expect(await there.getAll()).toEqual({ basket: ['tea'], step: 2 })
})

test('no listing shows the outbox', async () => {
  const { store, at } = device()
  await at.patch({ step: 1 })
  expect(await list(store.accounts())).toEqual(['577089'])
  expect(await everything(store)).toEqual({ '577089/shop/visit': { step: 1 } })
})

test('only what was written is sent: other properties in the remote store stay as they are', async () => {
  const { store, at, there } = device()
  await there.patch({ step: 'theirs', name: 'theirs', old: 1 })
  await at.patch({ step: 'ours' })
  await at.delete('old')
  await store.flush()
  expect(await there.getAll()).toEqual({ step: 'ours', name: 'theirs' })
})

test('a clear is sent as deletions of the names that this device knew', async () => {
  const { store, at, there } = device()
  await at.patch({ a: 1, b: 2 })
  await store.flush()
  await there.patch({ theirs: 3 })
  await at.clear()
  await at.patch({ b: 4 })
  await store.flush()
  expect(await there.getAll()).toEqual({ b: 4, theirs: 3 })
})

test('the outbox grows with the properties, not with the number of writes, and is empty when everything is sent', async () => {
  const { store, at, local } = device()
  for (let step = 0; step < 100; step++) await at.patch({ step })
  expect(await list(store.pending())).toEqual([
    { address: { account: '577089', namespace: 'shop', session: 'visit' }, names: ['step'] },
  ])
  await store.flush()
  expect(await list(store.pending())).toEqual([])
  // Only the note that the session was sent is left.
  expect(await ownRecords(local)).toEqual([{ push: expect.any(String) }])
})

/** What an offline store keeps in its local store besides the sessions. */
async function ownRecords(local: ContextStore): Promise<unknown[]> {
  const { call } = engineOf(local)
  const page = { from: undefined, limit: 100 }
  const { items } = await call({}, false, (engine) => engine.listNamespaces('', page))
  const slices = await Promise.all(
    items.map(({ name }) =>
      call({}, false, (engine) => engine.listSessions('', name, { ...page, properties: true })),
    ),
  )
  return slices.flatMap((slice) => slice.items.map(({ properties }) => properties))
}

test('a read is forgotten after thirty days, or after an hour if there was no session', async () => {
  let now = 0
  const local = memoryStore({ now: () => now })
  const { store, at, there } = device({ local })
  await store.pull({ account: '577089', namespace: 'shop', session: 'nobody' })
  await there.patch({ a: 1 })
  await store.pull(at.address)
  expect(await ownRecords(local)).toHaveLength(2)
  now += 3_600_000
  expect(await ownRecords(local)).toHaveLength(1)
  now += 30 * 86_400_000
  expect(await ownRecords(local)).toEqual([])
  expect(await at.getAll()).toEqual({ a: 1 })
})

test('a write made while its session is sent stays pending', async () => {
  const { store, at, there, network } = device()
  await at.patch({ step: 1, other: 1 })
  network.before = async () => {
    network.before = () => undefined
    await at.patch({ step: 2 })
  }
  expect(await store.flush()).toMatchObject({ state: 'pending', pending: 1 })
  expect(await there.getAll()).toEqual({ step: 1, other: 1 })
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0 })
  expect(await there.getAll()).toEqual({ step: 2, other: 1 })
  expect(network.calls).toEqual(['patch', 'patch'])
})

test('a session that expired here before it was sent is gone, and an event reports it', async () => {
  let now = 0
  const { store, at, there, events } = device({ local: memoryStore({ now: () => now }) })
  await at.patch({ step: 1 }, { ttlSeconds: 60 })
  now += 60_000
  await at.patch({ later: 1 })
  await store.flush()
  expect(await there.getAll()).toEqual({ later: 1 })
  expect(events).toContainEqual(expect.objectContaining({ type: 'expired', names: ['step'] }))
})

test('a time to live is sent with its patch', async () => {
  const { store, at, there } = device()
  await at.patch({ step: 1 }, { ttlSeconds: 60 })
  await store.flush()
  expect(await there.info()).toMatchObject({ ttlSeconds: 60 })
  await at.patch({}, { ttlSeconds: 600 })
  await store.flush()
  expect(await there.info()).toMatchObject({ ttlSeconds: 600 })
  expect(store.status).toMatchObject({ pending: 0 })
})

test('a namespace is also created in the remote store; its deletion needs the network', async () => {
  const { store, at, there, network, remote } = device()
  network.weather = 'down'
  const shop = store.account('577089').namespace('shop')
  await shop.create({ ttlSeconds: 60 })
  await at.patch({ step: 1 })
  await expect(shop.delete()).rejects.toMatchObject({ code: 'unavailable' })
  expect(await at.getAll()).toEqual({ step: 1 })
  network.weather = 'up'
  await store.flush()
  expect(await remote.account('577089').namespace('shop').info()).toMatchObject({ ttlSeconds: 60 })
  await shop.delete()
  expect(await at.getAll()).toEqual({})
  expect(await there.getAll()).toEqual({})
  expect(await list(remote.account('577089').namespaces())).toEqual([])
})

test('only what the remote store refuses permanently is rejected; the rest is sent', async () => {
  const { store, at, there, network, events } = device({}, memoryStore({ limits: { documentLength: 100 } }))
  await at.patch({ a: 1, b: 2, long: 'x'.repeat(200), c: 3 })
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0, rejected: 1 })
  expect(await there.getAll()).toEqual({ a: 1, b: 2, c: 3 })
  const [rejected] = await list(store.rejected())
  expect(rejected).toMatchObject({ names: ['long'], error: { code: 'too-large' } })
  expect(events.map(({ type }) => type)).toContain('rejected')
  expect(await at.get('long')).toHaveLength(200)

  network.calls.length = 0
  await store.flush()
  expect(network.calls).toEqual([])
  // A new write makes it pending again.
  await at.patch({ long: 'short' })
  expect(await store.flush()).toMatchObject({ pending: 0, rejected: 0 })
  expect(await there.get('long')).toBe('short')
})

test('a namespace that cannot be created now does not block sessions, and a settled conflict leaves no record', async () => {
  const local = memoryStore()
  const { store, at, there, network } = device({ onConflict: 'remote', local })
  await store.account('577089').namespace('new').create()
  await there.patch({ a: 'theirs' })
  await at.patch({ a: 'ours' })
  network.next.push('down')
  expect(await store.flush()).toMatchObject({ state: 'offline', pending: 0 })
  expect(network.calls).toEqual(['create', 'getMany'])
  expect(await at.getAll()).toEqual({ a: 'theirs' })
  expect(await store.flush()).toMatchObject({ state: 'synced' })
  expect(await ownRecords(local)).toEqual([])
})

test('`retry` makes a rejected write pending again, `discard` drops the local values', async () => {
  const { store, at, there, network } = device()
  await there.patch({ a: 'theirs' })
  await at.patch({ a: 1, b: 2 })
  network.next.push(...Array.from({ length: 3 }, () => new InvalidValueError('', 'refused')))
  await store.flush()
  const [rejected] = await list(store.rejected())
  expect(rejected?.names).toEqual(['a', 'b'])
  await rejected?.retry()
  expect(store.status).toMatchObject({ pending: 1, rejected: 0 })
  network.next.push(...Array.from({ length: 3 }, () => new TooLargeError('refused')))
  await store.flush()
  const [again] = await list(store.rejected())
  await again?.discard()
  expect(await at.getAll()).toEqual({})
  expect(await list(store.rejected())).toEqual([])
  expect(store.status).toMatchObject({ pending: 0, rejected: 0, state: 'synced' })
  await store.pull(at.address)
  expect(await at.getAll()).toEqual({ a: 'theirs' })
})

test('refused credentials stop their account but no other', async () => {
  const remote = memoryStore()
  const { store, at, network } = device({}, remote)
  await at.patch({ a: 1 })
  await store.account('577089').namespace('shop').session('another').patch({ a: 1 })
  const other = store.account('other').namespace('shop').session('visit')
  await other.patch({ a: 1 })
  network.next.push(unauthorized, unauthorized)
  expect(await store.flush()).toMatchObject({ state: 'unauthorized', pending: 2 })
  expect(await remote.account('other').namespace('shop').session('visit').getAll()).toEqual({ a: 1 })
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0 })
})

test('a session that fails does not block the others; a failed network ends the round', async () => {
  const { store, network } = device()
  const shop = store.account('577089').namespace('shop')
  for (let i = 0; i < 100; i++) await shop.session(`${i}`).patch({ i })
  network.next.push('down', 'lost-answer')
  expect(await store.flush()).toMatchObject({ state: 'offline', pending: 2 })
  expect(await store.flush()).toMatchObject({ state: 'synced', pending: 0 })

  for (let i = 0; i < 100; i++) await shop.session(`${i}`).patch({ i: 'again' })
  network.weather = 'down'
  network.calls.length = 0
  expect(await store.flush()).toMatchObject({ state: 'offline', pending: 100 })
  expect(network.calls.length).toBeLessThan(30)
})

test('`flush` ends with its signal, and `close` does not wait for the network and loses nothing', async () => {
  const { store, at, network } = device()
  await at.patch({ step: 1 })
  network.weather = 'hanging'
  const gone = new AbortController()
  const flushed = store.flush({ signal: gone.signal })
  await vi.waitFor(() => expect(network.calls).toHaveLength(1))
  gone.abort()
  expect(await flushed).toMatchObject({ pending: 1 })
  expect(store.status).not.toHaveProperty('lastError')
  const hanging = store.flush()
  await store.close()
  expect(await hanging).toMatchObject({ pending: 1 })
  await expect(at.patch({ step: 2 })).rejects.toMatchObject({ code: 'closed' })
  await expect(store.flush()).rejects.toMatchObject({ code: 'closed' })
})

test('the status is frozen, and only replaced when it changes', async () => {
  const { store, at } = device()
  const before = store.status
  expect(Object.isFrozen(before)).toBe(true)
  expect(store.status).toBe(before)
  let told = 0
  const end = store.subscribe(({ type }) => void (type === 'status' && told++))
  await at.patch({ step: 1 })
  await at.patch({ step: 2 })
  expect(told).toBe(1)
  expect(store.status).toMatchObject({ state: 'pending', pending: 1 })
  expect(store.status).not.toBe(before)
  end()
  await at.patch({ step: 3 })
  await store.flush()
  expect(told).toBe(1)
})

test('the first read of a session asks the remote store, once it answers', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { at, there, network, events } = device({ pull: 'first-read' })
  await there.patch({ name: 'theirs', step: 'theirs' })
  await at.patch({ step: 'ours' })
  network.weather = 'down'
  expect(await at.getAll()).toEqual({ step: 'ours' })
  network.weather = 'up'
  expect(await at.getAll()).toEqual({ step: 'ours' })
  expect(network.calls).toEqual(['getAll'])
  vi.advanceTimersByTime(2_000)
  expect(await at.getAll()).toEqual({ step: 'ours', name: 'theirs' })
  expect(events).toContainEqual(expect.objectContaining({ type: 'pulled', names: ['name'] }))
  await there.patch({ name: 'later' })
  expect(await at.get('name')).toBe('theirs')
})

test('`update` and `patchIf` of a session that this device has never seen decide on the remote values', async () => {
  const { store, remote, there, at } = device({ pull: 'first-read' })
  await there.patch({ turns: 4 })
  expect(await at.update(['turns'], ({ turns = 0 }) => ({ turns: Number(turns) + 1 }))).toEqual({ turns: 5 })
  const [claim, claimThere] = [store, remote].map((one) =>
    one.account('577089').namespace('shop').session('claim'),
  )
  await claimThere?.patch({ owner: 'them' })
  expect(await claim?.patchIf({ owner: absent }, { owner: 'us' })).toEqual({
    ok: false,
    current: { owner: 'them' },
  })
})

test('a call after a first read waits for it, so that the read does not see its effect', async () => {
  const { at, there } = device({ pull: 'first-read' })
  await there.patch({ a: 'theirs' })
  const read = at.getAll()
  const written = at.patch({ a: 'ours', b: 1 })
  expect(await read).toEqual({ a: 'theirs' })
  await written
  expect(await at.getAll()).toEqual({ a: 'ours', b: 1 })
})

test('a pull changes only properties without unsent writes, and nothing if a write or push came between', async () => {
  const { store, at, there, network } = device()
  await at.patch({ a: 1, b: 1, c: 1 })
  await store.flush()
  await there.patch({ a: 'theirs', b: 'theirs', c: absent })
  await at.patch({ b: 'ours' })
  await store.pull(at.address)
  expect(await at.getAll()).toEqual({ a: 'theirs', b: 'ours' })
  await store.flush()

  // After the value was read there, it is changed here and sent before the answer arrives.
  network.after = async (method) => {
    if (method !== 'getAll') return
    network.after = () => undefined
    await at.patch({ a: 'newer' })
    await store.flush()
  }
  await store.pull(at.address)
  expect(await at.get('a')).toBe('newer')
  expect(await there.get('a')).toBe('newer')
})

test("`onConflict`: 'remote' takes the remote value, a function decides, and if it throws the property is rejected", async () => {
  const remote = memoryStore()
  const { store, at, there, events } = device({ onConflict: 'remote' }, remote)
  await at.patch({ a: 1, b: 1 })
  await store.flush()
  await there.patch({ a: 'theirs' })
  await at.patch({ a: 'ours', b: 'ours' })
  await store.flush()
  expect(await at.getAll()).toEqual({ a: 'theirs', b: 'ours' })
  expect(await there.getAll()).toEqual({ a: 'theirs', b: 'ours' })
  expect(events).toContainEqual({
    type: 'conflict',
    conflict: { address: at.address, name: 'a', base: 1, local: 'ours', remote: 'theirs' },
    result: 'theirs',
  })

  const add = device(
    {
      onConflict: ({ name, base, local, remote: found }) => {
        if (name === 'broken') throw new Error('no idea')
        return Number(found ?? 0) + Number(local ?? 0) - Number(base ?? 0)
      },
    },
    remote,
  )
  const count = add.store.account('577089').namespace('shop').session('count')
  const countThere = remote.account('577089').namespace('shop').session('count')
  await count.patch({ turns: 5, broken: 1 })
  await countThere.patch({ turns: 3, broken: 2 })
  expect(await add.store.flush()).toMatchObject({ rejected: 1, pending: 0 })
  expect(await countThere.getAll()).toEqual({ turns: 8, broken: 2 })
  expect(await count.getAll()).toEqual({ turns: 8, broken: 1 })
  expect(await list(add.store.rejected())).toMatchObject([{ names: ['broken'], error: { code: 'conflict' } }])
})

test('a lost answer does not cause a conflict with the own write', async () => {
  const { store, at, there, network, events } = device({
    onConflict: ({ local, remote, base }) => sum(local, remote, base),
  })
  await at.patch({ turns: 1 })
  network.next.push('up', 'lost-answer')
  expect(await store.flush()).toMatchObject({ state: 'offline', pending: 1 })
  await at.patch({ turns: 2 })
  await store.flush()
  expect(await there.getAll()).toEqual({ turns: 2 })
  expect(events.map(({ type }) => type)).not.toContain('conflict')

  function sum(...[local, remote, base]: unknown[]): number {
    return Number(remote ?? 0) + Number(local ?? 0) - Number(base ?? 0)
  }
})

test('a local store without atomic batches is refused, as are invalid options', () => {
  const remote = memoryStore()
  expect(() => offlineStore({ local: memoryStore({ maxSessions: 10 }), remote })).toThrow(/maxSessions/)
  const rest = restStore({ baseUrl: 'http://127.0.0.1:9', apiKey: 'k' })
  expect(() => offlineStore({ local: rest, remote })).toThrow(
    expect.objectContaining({ code: 'unsupported' }),
  )
  for (const wrong of [
    { pull: 'never' },
    { pull: { everySeconds: 0 } },
    { push: 'soon' },
    { onConflict: 'mine' },
    { remote: {} },
    { clock: 1 },
  ]) {
    const options = { local: memoryStore(), remote, ...wrong } as unknown as OfflineOptions
    expect(() => offlineStore(options), JSON.stringify(wrong)).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  }
})

test('after `ready`, the status counts what an earlier run left unsent or rejected', async () => {
  const { store, local, remote, network, at } = device()
  network.next.push(new InvalidValueError('', 'no'))
  await store.account('577089').namespace('shop').session('refused').patch({ step: 1 })
  await store.flush()
  await at.patch({ step: 1 })
  const later = offlineStore({ local, remote, pull: 'manual', push: 'manual' })
  opened.push(later)
  await later.ready()
  expect(later.status).toMatchObject({ state: 'pending', pending: 1, rejected: 1 })
  expect(await later.flush()).toMatchObject({ state: 'synced', pending: 0, rejected: 1 })
})

test('in the background, writes are sent soon, retried after a failure, and those of an earlier run are sent too', async () => {
  vi.useFakeTimers()
  try {
    const local = memoryStore()
    const { store, at, there, network } = device({ push: 'background', local })
    network.weather = 'down'
    await at.patch({ step: 1 })
    await vi.advanceTimersByTimeAsync(100)
    expect(store.status).toMatchObject({ state: 'offline', pending: 1 })
    network.weather = 'up'
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await there.getAll()).toEqual({ step: 1 })
    expect(store.status).toMatchObject({ state: 'synced', pending: 0 })
    await at.patch({ step: 2 })
    await vi.advanceTimersByTimeAsync(100)
    expect(await there.getAll()).toEqual({ step: 2 })
  } finally {
    vi.useRealTimers()
  }
})

test('with `everySeconds` the sessions on this device are read periodically', async () => {
  vi.useFakeTimers()
  try {
    const { store, at, there } = device({ pull: { everySeconds: 30 } })
    await at.patch({ step: 1 })
    await store.flush()
    await there.patch({ name: 'theirs' })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await at.getAll()).toEqual({ step: 1, name: 'theirs' })
  } finally {
    vi.useRealTimers()
  }
})

test('a session at the limits of its store can be written, deleted and sent', async () => {
  const { store, at, there } = device({
    local: memoryStore({ limits: { documentLength: 1000, idLength: 8 } }),
  })
  const many: Properties = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`p${i}`, i]))
  await at.patch(many)
  await at.clear()
  await at.patch(Object.fromEntries(Object.keys(many).map((name) => [`q${name}`, 1])))
  await store.flush()
  expect(await there.getAll()).toEqual(await at.getAll())
  await expect(at.patch({ x: 'x'.repeat(1000) })).rejects.toMatchObject({ code: 'too-large' })
  expect(await list(store.pending())).toEqual([])
})

/** Two stores on one local store, like two tabs or processes, each with its own network. */
function twoTabs() {
  const remote = Object.assign(memoryStore(), { close: async () => undefined })
  const local = Object.assign(memoryStore(), { close: async () => undefined })
  return [device({ local }, remote), device({ local }, remote)] as const
}

test('of all that share a local store, only one sends at a time, and it also sends what the other wrote', async () => {
  const [one, other] = twoTabs()
  await one.at.patch({ step: 1 })
  let arrive: () => void = () => undefined
  one.network.before = () =>
    new Promise((resolve) => {
      arrive = resolve
    })
  const first = one.store.flush()
  await vi.waitFor(() => expect(one.network.calls).toEqual(['patch']))
  await other.at.patch({ step: 2 })
  const second = other.store.flush()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(other.network.calls).toEqual([])
  one.network.before = () => undefined
  arrive()
  // What the other tab wrote meanwhile is left for it to send.
  expect(await first).toMatchObject({ state: 'pending', pending: 1 })
  expect(await second).toMatchObject({ state: 'synced' })
  expect(await one.there.getAll()).toEqual({ step: 2 })

  await one.at.patch({ left: true })
  await one.store.close()
  await other.store.flush()
  expect(await other.there.getAll()).toEqual({ step: 2, left: true })
})

test('a store keeps the lease while it sends, and releases it when it is closed', async () => {
  vi.useFakeTimers()
  try {
    const [one, other] = twoTabs()
    await one.at.patch({ step: 1 })
    one.network.weather = 'hanging'
    const held = one.store.flush()
    const flushed = other.store.flush()
    let isDone = false
    void flushed.then(() => {
      isDone = true
    })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(isDone).toBe(false)
    expect(other.network.calls).toEqual([])
    await one.store.close()
    await held
    await vi.advanceTimersByTimeAsync(200)
    expect(await flushed).toMatchObject({ state: 'synced' })
  } finally {
    vi.useRealTimers()
  }
})

test('a write after a first read that failed is sent when the back-off is over', async () => {
  vi.useFakeTimers()
  try {
    const { at, there, network } = device({ push: 'background', pull: 'first-read' })
    await vi.advanceTimersByTimeAsync(100)
    network.weather = 'down'
    expect(await at.getAll()).toEqual({})
    network.weather = 'up'
    await at.patch({ step: 1 })
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await there.getAll()).toEqual({ step: 1 })
  } finally {
    vi.useRealTimers()
  }
})

test('a session that repeatedly fails to be sent does not block writes to others', async () => {
  vi.useFakeTimers()
  try {
    const { store, at, there, network } = device({ push: 'background' })
    network.before = (_, patch) => {
      if (JSON.stringify(patch).includes('bad')) throw new Error('the service has a fault')
    }
    await store.account('577089').namespace('shop').session('bad').patch({ bad: 1 })
    await vi.advanceTimersByTimeAsync(600_000)
    await at.patch({ step: 1 })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await there.getAll()).toEqual({ step: 1 })
    expect(store.status).toMatchObject({ pending: 1, state: 'offline' })
  } finally {
    vi.useRealTimers()
  }
})

test('a session that the remote store cannot name is read here, and does not count as a network failure', async () => {
  const { store, at, there, network } = device({ pull: 'first-read' })
  await there.patch({ a: 1 })
  network.next.push(new InvalidValueError('', 'refused'))
  expect(await store.account('577089').namespace('shop').session('..').getAll()).toEqual({})
  expect(await at.getAll()).toEqual({ a: 1 })
})

test('pending writes are sent at once when the browser goes online', async () => {
  vi.useFakeTimers()
  const listeners = new Map<string, () => void>()
  vi.stubGlobal('addEventListener', (type: string, listener: () => void) => listeners.set(type, listener))
  vi.stubGlobal('removeEventListener', (type: string) => listeners.delete(type))
  try {
    const { store, at, there, network } = device({ push: 'background' })
    network.weather = 'down'
    await at.patch({ step: 1 })
    await vi.advanceTimersByTimeAsync(600_000)
    network.weather = 'up'
    listeners.get('online')?.()
    await vi.advanceTimersByTimeAsync(50)
    expect(await there.getAll()).toEqual({ step: 1 })
    await store.close()
    expect(listeners.size).toBe(0)
  } finally {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  }
})

test('a namespace deletion without an answer blocks neither `close` nor other sessions', async () => {
  const { store, at, network } = device()
  await at.patch({ step: 1 })
  network.weather = 'hanging'
  const deleted = store.account('577089').namespace('other').delete()
  await vi.waitFor(() => expect(network.calls).toEqual(['delete']))
  expect(await at.getAll()).toEqual({ step: 1 })
  await store.close()
  await expect(deleted).rejects.toMatchObject({ code: 'unavailable' })
})

test('a pull that hangs does not block later calls on its session', async () => {
  const { store, at, network } = device()
  network.weather = 'hanging'
  const pulled = store.pull(at.address)
  await vi.waitFor(() => expect(network.calls).toEqual(['getAll']))
  await at.patch({ step: 1 })
  expect(await at.update(['step'], () => ({ step: 2 }))).toEqual({ step: 2 })
  expect(await at.patchIf({ step: 2 }, { step: 3 })).toEqual({ ok: true })
  await store.close()
  await expect(pulled).rejects.toMatchObject({ code: 'unavailable' })
})
