import { startRedis } from './one-node.ts'
import { polled } from './polling.ts'
import { type RedisServer, startServer } from './server-process.ts'

/** Options of {@link startSentinels}. */
export interface SentinelOptions {
  /** Default: 2. */
  readonly replicas?: number
  /** After how many milliseconds a master that does not answer is failed over. Default: 1000. */
  readonly downAfterMs?: number
  /** Additional lines of redis.conf, for the master and its replicas. */
  readonly config?: readonly string[]
}

/** A master with replicas, watched by three Sentinels. */
export interface RedisSentinels {
  /** The name of the master in the Sentinels. */
  readonly name: string
  /** The first master, then its replicas. */
  readonly nodes: readonly RedisServer[]
  /** The Sentinels. */
  readonly sentinels: readonly RedisServer[]
  /** For `createSentinel`. */
  readonly sentinelRootNodes: { host: string; port: number }[]
  /** The node that most Sentinels report as the master. */
  master(): Promise<RedisServer>
  /** Promotes a replica while the master is healthy, and resolves once all agree. */
  failOver(): Promise<void>
  /** Resolves once all Sentinels report the same running master, and every other running node follows it. */
  ready(): Promise<void>
  /** Stops every node and Sentinel and deletes their data. */
  stop(): Promise<void>
}

const name = 'conversations'

/** Starts a master, its replicas and three Sentinels. */
export async function startSentinels(options: SentinelOptions = {}): Promise<RedisSentinels> {
  const { replicas = 2, downAfterMs = 1000, config = [] } = options
  const shared = ['repl-diskless-sync-delay 0', 'repl-ping-replica-period 1', ...config]
  const started: RedisServer[] = []
  const kept = async (server: Promise<RedisServer>): Promise<RedisServer> => {
    const running = await server
    started.push(running)
    return running
  }
  try {
    const master = await kept(startRedis({ config: shared }))
    const followers = await Promise.all(
      Array.from({ length: replicas }, () =>
        kept(startRedis({ config: [...shared, `replicaof ${master.host} ${master.port}`] })),
      ),
    )
    await polled('replicas up', async () => {
      const info = String(await master.command('INFO', 'replication'))
      return (info.match(/state=online/g) ?? []).length === replicas || undefined
    })
    const sentinels = await Promise.all(
      Array.from({ length: 3 }, () => kept(startSentinel(master, downAfterMs))),
    )
    const system = new StartedSentinels([master, ...followers], sentinels)
    await system.ready()
    return system
  } catch (error) {
    await Promise.all(started.map((server) => server.stop()))
    throw error
  }
}

async function startSentinel(master: RedisServer, downAfterMs: number): Promise<RedisServer> {
  const sentinel = await startServer({
    config: [
      `sentinel monitor ${name} ${master.host} ${master.port} 2`,
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
      `sentinel failover-timeout ${name} 10000`,
      `sentinel parallel-syncs ${name} 2`,
    ],
    args: ['--sentinel'],
    readyText: '+monitor',
  })
  // By default, Sentinels announce themselves every two seconds and query nodes every ten; and if the machine pauses
  // for two seconds, as a busy one does, they do not act for half a minute.
  await sentinel.command(
    ...['SENTINEL', 'DEBUG', 'info-period', '500', 'publish-period', '200', 'ping-period', '200'],
    ...['tilt-trigger', '20000', 'tilt-period', '1000'],
  )
  return sentinel
}

class StartedSentinels implements RedisSentinels {
  readonly name = name
  readonly nodes: readonly RedisServer[]
  readonly sentinels: readonly RedisServer[]

  constructor(nodes: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.nodes = nodes
    this.sentinels = sentinels
  }

  get sentinelRootNodes(): { host: string; port: number }[] {
    return this.sentinels.map(({ host, port }) => ({ host, port }))
  }

  async #masterPorts(): Promise<number[]> {
    const running = this.sentinels.filter(({ isRunning }) => isRunning)
    return Promise.all(
      running.map(async (sentinel) => {
        const address = await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
        return Number((address as string[])[1])
      }),
    )
  }

  async master(): Promise<RedisServer> {
    const ports = await this.#masterPorts()
    const isOfMost = (port: number): boolean =>
      ports.filter((other) => other === port).length * 2 > ports.length
    const found = this.nodes.find(({ port }) => isOfMost(port))
    if (found === undefined) throw new Error('the Sentinels do not agree on a master')
    return found
  }

  async failOver(): Promise<void> {
    const before = await this.master()
    const [sentinel] = this.sentinels.filter(({ isRunning }) => isRunning)
    await sentinel?.command('SENTINEL', 'FAILOVER', name)
    await polled('another master', async () => (await this.master()) !== before || undefined)
    await this.ready()
  }

  async ready(): Promise<void> {
    await polled('the Sentinels agree', async () => {
      const ports = new Set(await this.#masterPorts())
      const master = this.nodes.find(({ port, isRunning }) => isRunning && ports.has(port))
      return (ports.size === 1 && master !== undefined && (await this.#isSettled(master))) || undefined
    })
  }

  async #isSettled(master: RedisServer): Promise<boolean> {
    const running = this.nodes.filter(({ isRunning }) => isRunning)
    const replication = await Promise.all(
      running.map(async (node) => String(await node.command('INFO', 'replication'))),
    )
    const follows = running.map((node, index) => {
      const info = replication[index] ?? ''
      return node === master
        ? info.includes('role:master')
        : info.includes(`master_port:${master.port}`) && info.includes('master_link_status:up')
    })
    const known = await Promise.all(
      this.sentinels
        .filter(({ isRunning }) => isRunning)
        .map(async (sentinel) => String(await sentinel.command('INFO', 'sentinel'))),
    )
    const seen = `status=ok,address=${master.host}:${master.port},slaves=${this.nodes.length - 1},sentinels=3`
    return follows.every(Boolean) && known.every((info) => info.includes(seen))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.nodes].map((server) => server.stop()))
  }
}
