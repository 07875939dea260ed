import { startRedis } from './one-node.ts'
import { polled } from './polling.ts'
import type { RedisServer } from './server-process.ts'

/** Options of {@link startCluster}. */
export interface ClusterOptions {
  /** Default: 3. */
  readonly masters?: number
  /** The number of replicas of each master. Default: 1. */
  readonly replicas?: number
  /** After how many milliseconds a node that does not answer is failed over. Default: 2000. */
  readonly nodeTimeoutMs?: number
  /** Additional lines of redis.conf, for every node. */
  readonly config?: readonly string[]
}

/** A slot that is being moved to another master. Until the move is finished, both masters answer for it: ASK, TRYAGAIN. */
export interface SlotMove {
  /** Moves up to `count` keys; returns how many it moved. */
  moveKeys(count: number): Promise<number>
  /** Moves the remaining keys, and assigns the slot to the new master. */
  finish(): Promise<void>
}

/** A Redis Cluster. */
export interface RedisCluster {
  /** The nodes in the order of their initial roles: first all masters, then all replicas. */
  readonly nodes: readonly RedisServer[]
  /** For `createCluster`. */
  readonly rootNodes: { url: string }[]
  /** The nodes that own slots now. */
  masters(): Promise<RedisServer[]>
  /** The node that owns a slot now. */
  masterOf(slot: number): Promise<RedisServer>
  /** Begins to move a slot to another master. */
  beginMove(slot: number, to: RedisServer): Promise<SlotMove>
  /** Moves a slot with its keys, a hundred at a time. */
  moveSlot(slot: number, to: RedisServer): Promise<void>
  /** Resolves once every running node sees a healthy Cluster whose slots all belong to running nodes. */
  ready(): Promise<void>
  /** Stops every node and deletes its data. */
  stop(): Promise<void>
}

const slots = 16_384

interface KnownNode {
  readonly id: string
  readonly port: number
  readonly flags: readonly string[]
  readonly masterId: string
  readonly slots: readonly (readonly [first: number, last: number])[]
}

/** Starts a Cluster whose slots are divided among its masters. */
export async function startCluster(options: ClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 1, nodeTimeoutMs = 2000, config = [] } = options
  const starting = Array.from({ length: masters * (1 + replicas) }, () =>
    startRedis({
      config: [
        'cluster-enabled yes',
        'cluster-config-file nodes.conf',
        `cluster-node-timeout ${nodeTimeoutMs}`,
        'cluster-allow-replica-migration no',
        'cluster-replica-validity-factor 0',
        'repl-diskless-sync-delay 0',
        ...config,
      ],
    }),
  )
  const nodes = (await Promise.allSettled(starting)).flatMap((start) =>
    start.status === 'fulfilled' ? [start.value] : [],
  )
  const cluster = new StartedCluster(nodes)
  try {
    await Promise.all(starting)
    await join(nodes, masters)
    await cluster.ready()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

async function join(nodes: readonly RedisServer[], masters: number): Promise<void> {
  const ids = await Promise.all(nodes.map(async (node) => String(await node.command('CLUSTER', 'MYID'))))
  await Promise.all(
    nodes.map(async (node, index) => {
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
      if (index < masters) {
        const [first, last] = [index, index + 1].map((part) => Math.floor((part * slots) / masters))
        await node.command('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${(last ?? slots) - 1}`)
      }
    }),
  )
  // Every node meets every earlier one, which is quicker than waiting until they hear of each other.
  for (const [index, node] of nodes.entries()) {
    for (const other of nodes.slice(0, index)) {
      await node.command('CLUSTER', 'MEET', other.host, `${other.port}`)
    }
  }
  await Promise.all(
    nodes.map((node) =>
      polled('every node knows every other', async () => {
        const known = (await knownTo(node)).filter(({ flags }) => !flags.includes('handshake'))
        return ids.every((id) => known.some((other) => other.id === id)) || undefined
      }),
    ),
  )
  await Promise.all(
    nodes.slice(masters).map(async (node, index) => {
      await node.command('CLUSTER', 'REPLICATE', ids[index % masters] ?? '')
    }),
  )
}

async function knownTo(node: RedisServer): Promise<KnownNode[]> {
  const lines = String(await node.command('CLUSTER', 'NODES'))
    .trim()
    .split('\n')
  return lines.map((line) => {
    const [id = '', address = '', flags = '', masterId = '', , , , , ...ranges] = line.split(' ')
    return {
      id,
      masterId,
      port: Number(/:(\d+)@/.exec(address)?.[1]),
      flags: flags.split(','),
      slots: ranges
        .filter((range) => !range.startsWith('['))
        .map((range) => range.split('-').map(Number))
        .map(([first = 0, last = first]) => [first, last] as const),
    }
  })
}

class StartedCluster implements RedisCluster {
  readonly nodes: readonly RedisServer[]

  constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  get rootNodes(): { url: string }[] {
    return this.nodes.map(({ url }) => ({ url }))
  }

  get #running(): RedisServer[] {
    return this.nodes.filter(({ isRunning }) => isRunning)
  }

  async #known(): Promise<KnownNode[]> {
    const [node] = this.#running
    if (node === undefined) throw new Error('no node of the Cluster is running')
    return knownTo(node)
  }

  #nodeAt(port: number): RedisServer {
    const found = this.nodes.find((node) => node.port === port)
    if (found === undefined) throw new Error(`no node of this Cluster listens on port ${port}`)
    return found
  }

  async masters(): Promise<RedisServer[]> {
    return (await this.#known()).filter((node) => node.slots.length > 0).map(({ port }) => this.#nodeAt(port))
  }

  async masterOf(slot: number): Promise<RedisServer> {
    const owner = (await this.#known()).find((node) =>
      node.slots.some(([first, last]) => first <= slot && slot <= last),
    )
    if (owner === undefined) throw new Error(`no node owns slot ${slot}`)
    return this.#nodeAt(owner.port)
  }

  async beginMove(slot: number, to: RedisServer): Promise<SlotMove> {
    const from = await this.masterOf(slot)
    const [fromId, toId] = await Promise.all(
      [from, to].map(async (node) => String(await node.command('CLUSTER', 'MYID'))),
    )
    if (fromId === undefined || toId === undefined || from === to) {
      throw new Error(`slot ${slot} already belongs to that node`)
    }
    // In this order, so that no node ever redirects a client to one that does not know about the move.
    await to.command('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', fromId)
    await from.command('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', toId)
    const moveKeys = async (count: number): Promise<number> => {
      const keys = (await from.bytes('CLUSTER', 'GETKEYSINSLOT', `${slot}`, `${count}`)) as Buffer[]
      if (keys.length > 0) {
        await from.command('MIGRATE', to.host, `${to.port}`, '', '0', '10000', 'KEYS', ...keys)
      }
      return keys.length
    }
    return {
      moveKeys,
      finish: async () => {
        while ((await moveKeys(100)) > 0);
        const others = (await this.masters()).filter((node) => node !== from && node !== to)
        for (const node of [to, from, ...others]) {
          await node.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', toId)
        }
      },
    }
  }

  async moveSlot(slot: number, to: RedisServer): Promise<void> {
    await (await this.beginMove(slot, to)).finish()
  }

  async ready(): Promise<void> {
    await Promise.all(
      this.#running.map((node) =>
        polled('a healthy Cluster', async () => {
          const [state, replication] = await Promise.all([
            node.command('CLUSTER', 'INFO'),
            node.command('INFO', 'replication'),
          ])
          const known = await knownTo(node)
          const owners = known.filter((other) => other.slots.length > 0)
          const isRight = owners.every(({ port }) => this.#nodeAt(port).isRunning)
          const running = known.filter(({ port }) => this.#nodeAt(port).isRunning)
          const isSettled = running.every(
            ({ flags, masterId }) =>
              !flags.some((flag) => flag.startsWith('fail') || flag === 'handshake') &&
              (flags.includes('master') || owners.some(({ id }) => id === masterId)),
          )
          const isLinked = !String(replication).includes('master_link_status:down')
          const isOk = String(state).includes('cluster_state:ok')
          return (isOk && isRight && isSettled && isLinked) || undefined
        }),
      ),
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }
}
