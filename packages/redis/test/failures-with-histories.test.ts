import {
  checkCalls,
  type HistoryOptions,
  type RecordedCall,
  recordCalls,
  type SessionCall,
} from '@context-store/conformance/histories'
import { redisStore } from '@context-store/redis'
import { expect, onTestFinished, test } from 'vitest'
import { type RedisCluster, startCluster } from '../../../test/redis-servers/cluster.ts'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import { polled } from '../../../test/redis-servers/polling.ts'
import { startSentinels } from '../../../test/redis-servers/sentinel.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { codeOf } from './answer-of.ts'
import { freshPrefix, keysOf } from './key-space.ts'
import { seededRandom } from './seeded.ts'

const open = new URL('fixtures/open-store.mjs', import.meta.url)
const longRuns = Number(process.env.HISTORY_RUNS ?? 0)
const firstSeed = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const seeds = Array.from({ length: Math.max(1, longRuns) }, (_, run) => firstSeed + run)
/** How often each failure happens. */
const failures = longRuns > 0 ? 10 : 1
/** How long a call may take if the server does not answer for longer. */
const shortTimeoutMs = 500

/** Records calls, and asserts what holds for any failure: each succeeds or fails as promised, and the last one succeeds. */
async function recorded(options: HistoryOptions): Promise<RecordedCall[]> {
  const calls = await recordCalls(options)
  expect(calls.filter(({ endedAt }) => endedAt === undefined)).toEqual([])
  expect(calls.at(-1)?.outcome).toBe('answered')
  const codes = calls.flatMap(({ error }) => error?.code ?? [])
  expect(codes.filter((code) => code !== 'unavailable' && code !== 'conflict')).toEqual([])
  return calls
}

/** The calls that failed, except by a lost race. */
function failedOf(calls: readonly RecordedCall[]): readonly RecordedCall[] {
  return calls.filter(({ error }) => error !== undefined && error.code !== 'conflict')
}

function report(name: string, figures: object, calls: readonly RecordedCall[]): void {
  const longest = Math.max(...calls.map(({ calledAt, endedAt = 0 }) => endedAt - calledAt))
  console.log(name, JSON.stringify({ ...figures, longestCallMs: Math.round(longest / 1000) }))
}

/** The time in microseconds, by the clock of recorded calls. */
function instant(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Resolves once the server has executed this many more commands. */
async function does(server: RedisServer, more: number): Promise<void> {
  const done = async (): Promise<number> => {
    const stats = String(await server.command('INFO', 'stats'))
    return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1])
  }
  const wanted = (await done()) + more
  await polled('calls are made', async () => (await done()) >= wanted || undefined)
}

/** A failure of a server, and a check of the calls that began and ended meanwhile. */
interface Failure {
  readonly what: string
  readonly happens: (server: RedisServer, count: number) => Promise<void>
  readonly check?: (calls: readonly RecordedCall[]) => void
}

const whileAnswering: readonly Failure[] = [
  {
    what: 'forgets its scripts',
    happens: async (server) => {
      await server.command('SCRIPT', 'FLUSH')
    },
    check: (calls) => expect(failedOf(calls)).toEqual([]),
  },
  {
    what: 'runs out of memory',
    happens: async (server) => {
      const refused = async (): Promise<number> =>
        Number(/errorstat_OOM:count=(\d+)/.exec(String(await server.command('INFO', 'errorstats')))?.[1] ?? 0)
      const before = await refused()
      // Exactly what it uses: it is full at one moment and not at the next, as connections and sessions come and go.
      const used = /used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))?.[1] ?? '1'
      await server.command('CONFIG', 'SET', 'maxmemory', used, 'maxmemory-policy', 'noeviction')
      await polled('writes are refused', async () => (await refused()) > before + 20 || undefined)
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    },
    check: (calls) => {
      const isRead = ({ call: { does } }: RecordedCall): boolean => /^(get|getMany|getAll|info)$/.test(does)
      expect(calls.filter(({ outcome }) => outcome === 'unknown')).toEqual([])
      expect(failedOf(calls).filter(isRead)).toEqual([])
    },
  },
  {
    what: 'closes the connections of its clients',
    happens: async (server) => {
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    },
  },
  {
    what: 'is killed, and started again on its AOF',
    happens: async (server) => {
      await server.kill()
      await server.restart()
    },
  },
]

const withSilence: readonly Failure[] = [
  {
    what: 'makes its clients wait (CLIENT PAUSE)',
    happens: async (server, count) => {
      const ms = count % 2 === 0 ? shortTimeoutMs * 2 : shortTimeoutMs / 2
      await server.command('CLIENT', 'PAUSE', `${ms}`, count % 4 < 2 ? 'ALL' : 'WRITE')
      // Waits like every write.
      await server.command('DEL', 'nothing')
    },
  },
  {
    what: 'stops for longer than a call may take',
    happens: async (server) => {
      const another = redisStore({ url: server.url, keyPrefix: freshPrefix(), timeoutMs: shortTimeoutMs })
      await polled('ready', () => another.ready().then(() => true))
      server.pause()
      // Shows when the calls of the history have timed out: this call times out at the same time.
      expect(await codeOf(() => another.ready())).toBe('unavailable')
      server.resume()
      await another.close()
    },
  },
]

/** One after the other in one history; when run by hand, each often in a separate history. */
const ofOneNode = [
  { timeoutMs: 5000, kinds: whileAnswering },
  { timeoutMs: shortTimeoutMs, kinds: withSilence },
].flatMap(({ timeoutMs, kinds }) =>
  (longRuns > 0 ? kinds.map((kind) => [kind]) : [kinds]).map((some) => ({
    what: some.map(({ what }) => what).join(', '),
    timeoutMs,
    some,
  })),
)

for (const seed of seeds) {
  test.each(ofOneNode)(
    `calls are linearizable while a server $what (HISTORY_SEED=${seed})`,
    async (failing) => {
      const { what, timeoutMs, some } = failing
      const server = await startRedis({ config: ['appendonly yes', 'appendfsync always'] })
      onTestFinished(() => server.stop())
      const happened: { readonly from: number; readonly to: number; readonly check: Failure['check'] }[] = []
      const calls = await recorded({
        open,
        data: { url: server.url, keyPrefix: freshPrefix(), timeoutMs },
        calls: 400,
        processes: 1,
        threads: 2,
        seed,
        during: async () => {
          await does(server, 300)
          for (const { happens, check } of some) {
            for (let count = 0; count < failures; count++) {
              const from = instant()
              await happens(server, count)
              await does(server, 300)
              happened.push({ from, to: instant(), check })
            }
          }
        },
      })
      report(what, checkCalls(calls), calls)
      for (const { from, to, check } of happened) {
        check?.(calls.filter(({ calledAt, endedAt = to }) => calledAt >= from && endedAt < to))
      }
    },
    600_000,
  )
}

interface Move {
  readonly slot: number
  readonly from: RedisServer
  readonly to: RedisServer
}

/** Moves the slot of the session that was created last, to any other primary. */
async function moveOfBusySlot(cluster: RedisCluster, keyPrefix: string, random: () => number): Promise<Move> {
  const masters = await cluster.masters()
  const keys = (await Promise.all(masters.map((node) => keysOf(node, keyPrefix)))).flat().map(String)
  const numberOf = (key: string): number => Number(/s(\d+)$/.exec(key)?.[1] ?? -1)
  const newest = keys.reduce((a, b) => (numberOf(b) > numberOf(a) ? b : a))
  const slot = Number(await masters[0]?.command('CLUSTER', 'KEYSLOT', newest))
  const from = await cluster.masterOf(slot)
  const others = masters.filter((node) => node !== from)
  const to = others[Math.floor(random() * others.length)]
  if (to === undefined) throw new Error('one master')
  return { slot, from, to }
}

/** How many calls the servers have redirected because a slot is moving. */
async function redirected(cluster: RedisCluster): Promise<number> {
  const stats = await Promise.all((await cluster.masters()).map((node) => node.command('INFO', 'errorstats')))
  const counts = String(stats).matchAll(/errorstat_(?:ASK|TRYAGAIN):count=(\d+)/g)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

for (const seed of seeds) {
  test(`calls are linearizable while slots of a Cluster move, and none fails (HISTORY_SEED=${seed})`, async () => {
    const cluster = await startCluster({ replicas: 0 })
    onTestFinished(() => cluster.stop())
    const [first] = cluster.nodes
    if (first === undefined) throw new Error('no node')
    const keyPrefix = freshPrefix()
    const random = seededRandom(seed)
    const calls = await recorded({
      open,
      data: { rootNodes: cluster.rootNodes, keyPrefix, timeoutMs: 30_000 },
      calls: 400,
      processes: 2,
      threads: 0,
      seed,
      during: async () => {
        await polled('sessions', async () => (await keysOf(first, keyPrefix)).length > 4 || undefined)
        let back: Move | undefined
        for (let count = 0; count < 2 * failures; count++) {
          const { slot, from, to } = back ?? (await moveOfBusySlot(cluster, keyPrefix, random))
          const before = await redirected(cluster)
          const move = await cluster.beginMove(slot, to)
          await move.moveKeys(1)
          await polled('calls meet the move', async () => (await redirected(cluster)) > before || undefined)
          while ((await move.moveKeys(1)) > 0) await does(from, 30)
          await move.finish()
          await does(to, 300)
          back = back === undefined ? { slot, from: to, to: from } : undefined
        }
      },
    })
    report('slots moved', { ...checkCalls(calls), redirections: await redirected(cluster) }, calls)
    expect(failedOf(calls)).toEqual([])
  }, 600_000)
}

/** The times of a primary's failure: when it was killed, when it was gone, and when its replicas received nothing more. */
interface Failover {
  readonly detachedAt: number
  readonly killedAt: number
  readonly goneAt: number
}

/** An answered call, with an unknown outcome. */
function unsure({ answer: _, endedAt: __, ...call }: RecordedCall): RecordedCall {
  return { ...call, outcome: 'unknown' }
}

/**
 * The history from the point of view of the new primary, if everything that the old one did from an instant on is lost.
 * Calls that were pending when it was killed may have been executed by either of them.
 */
function withoutLost(
  calls: readonly RecordedCall[],
  lostFrom: number,
  { killedAt, goneAt }: Failover,
): RecordedCall[] {
  return calls.flatMap((call) => {
    const { calledAt, endedAt = Number.POSITIVE_INFINITY } = call
    if (call.outcome !== 'answered' || calledAt >= goneAt || endedAt < lostFrom) return [call]
    return endedAt >= killedAt || calledAt < lostFrom ? [unsure(call)] : []
  })
}

/**
 * Finds the instant from which on everything that the old primary did is lost, the same for all sessions, such that one
 * order explains all answers of the old primary, and one all others. Throws if there is none.
 */
function lossOf(calls: readonly RecordedCall[], failover: Failover): number {
  const { killedAt, detachedAt } = failover
  const before = calls.filter(({ calledAt }) => calledAt < killedAt)
  checkCalls(before.map((call) => ((call.endedAt ?? 0) >= killedAt ? unsure(call) : call)))
  const instants = before.flatMap(({ calledAt, endedAt = calledAt }) => [calledAt, endedAt])
  const candidates = [detachedAt, ...instants.filter((at) => at < detachedAt).sort((a, b) => b - a)]
  let latest: unknown
  for (const lostFrom of candidates) {
    try {
      checkCalls(withoutLost(calls, lostFrom, failover))
      return lostFrom
    } catch (error) {
      latest ??= error
    }
  }
  throw latest
}

/** Whether an answered call has certainly written; a deletion may have found nothing. */
function isSurelyWrite({ does }: SessionCall): boolean {
  return does === 'patch'
}

/** The second one is slow: each write that the replicas do not confirm waits for them. */
const replication = [
  { waitForReplicas: 0, what: 'the last acknowledged writes are lost, as one piece' },
  { waitForReplicas: 2, what: 'no acknowledged write is lost' },
].slice(0, longRuns > 0 ? 2 : 1)

for (const seed of seeds) {
  test.each(replication)(
    `after a failover by Sentinel with waitForReplicas $waitForReplicas, $what (HISTORY_SEED=${seed})`,
    async ({ waitForReplicas }) => {
      const sentinels = await startSentinels()
      onTestFinished(() => sentinels.stop())
      const { name, sentinelRootNodes, nodes } = sentinels
      const primary = await sentinels.master()
      let failover: Failover | undefined
      const calls = await recorded({
        open,
        data: {
          sentinel: { name, sentinelRootNodes },
          keyPrefix: freshPrefix(),
          waitForReplicas,
          timeoutMs: 2000,
        },
        calls: 200,
        // Each unknown outcome makes the history harder to check.
        processes: waitForReplicas === 0 ? 2 : 1,
        threads: 0,
        seed,
        during: async () => {
          await does(primary, 300)
          // The replicas receive nothing more, so that there is something to lose.
          const replicas = nodes.filter((node) => node !== primary)
          for (const replica of replicas) replica.pause()
          await primary.command('CLIENT', 'KILL', 'TYPE', 'replica')
          const detachedAt = instant()
          await does(primary, waitForReplicas === 0 ? 3000 : 20)
          const killedAt = instant()
          await primary.kill()
          failover = { detachedAt, killedAt, goneAt: instant() }
          for (const replica of replicas) replica.resume()
          await sentinels.ready()
          if (waitForReplicas > 0) {
            // So that there are two replicas again.
            await primary.restart()
            await sentinels.ready()
          }
          await does(await sentinels.master(), 300)
        },
      })
      if (failover === undefined) throw new Error('no failover')
      const lostFrom = lossOf(calls, failover)
      const { killedAt } = failover
      const lost = calls.filter(
        ({ calledAt, endedAt = 0, outcome, call }) =>
          calledAt >= lostFrom && endedAt < killedAt && outcome === 'answered' && isSurelyWrite(call),
      ).length
      report(
        'failed over',
        {
          waitForReplicas,
          lost,
          calls: calls.length,
          unknown: calls.filter(({ outcome }) => outcome === 'unknown').length,
        },
        calls,
      )
      if (waitForReplicas === 0) expect(lost).toBeGreaterThan(0)
      else expect(lost).toBe(0)
    },
    600_000,
  )
}
