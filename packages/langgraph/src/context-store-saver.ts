import {
  type Account,
  absent,
  ConflictError,
  CorruptDataError,
  InvalidOptionError,
  type JsonValue,
  type Properties,
} from '@context-store/core'
import { checkedOptions, checkTtlSeconds, idWithinLimit } from '@context-store/core/bridge'
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointPendingWrite,
  type CheckpointTuple,
  compareWritesSortKeys,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  type SerializerProtocol,
  TASKS,
  WRITES_IDX_MAP,
  writesSortKey,
} from '@langchain/langgraph-checkpoint'
import { discardValue, loadValue, type StoredValue, storeValue } from './stored-value.ts'
import { Thread } from './thread.ts'

/** Options of {@link ContextStoreSaver}. */
export interface ContextStoreSaverOptions {
  /**
   * How long a thread lives after its last write: whole seconds, 0 for ever (the default). All of the thread is gone at once. It holds for
   * what is written with it, so do not change it for threads that there are.
   */
  readonly ttlSeconds?: number | undefined
  /**
   * Refuses a checkpoint whose parent is not the newest one, with a `ConflictError`: so that of two runs that go on from the same
   * checkpoint one fails instead of both being in the thread. It also refuses to fork from an older checkpoint.
   */
  readonly singleWriter?: boolean | undefined
}

/** Where the value of a channel is: in a checkpoint, the one that was written with it; `version` is `null` if it has none. */
type ChannelRef = [channel: string, version: string | number | null, checkpointId: string, property: string]

/** A pending write as it is stored. */
type StoredWrite = [taskId: string, index: number, taskPath: string, channel: string, value: StoredValue]

/**
 * A LangGraph checkpointer over an account of a context store. Each thread is a namespace, each checkpoint a session.
 *
 * A checkpoint stores the values of the channels that changed (`newVersions`), and refers to older checkpoints for the others. The newest
 * checkpoint is noted last, so that a process that dies leaves the one before. Pending writes are kept with their checkpoint: the first
 * write of a task and index stands; those with a negative index (errors, interrupts, resumes) overwrite. Values have exactly the bytes
 * that the serializer gave.
 *
 * Its methods reject with the store's errors (see `Session` of core).
 *
 * @see {@link https://docs.langchain.com/oss/javascript/langgraph/persistence} for LangGraph's side
 *
 * @example
 * ```ts
 * const graph = builder.compile({ checkpointer: new ContextStoreSaver(store.account('my-agent')) })
 * ```
 */
export class ContextStoreSaver extends BaseCheckpointSaver {
  readonly #account: Account
  readonly #ttlSeconds: number | undefined
  readonly #singleWriter: boolean

  /**
   * @param account - where the threads are kept, in namespaces that begin with `thread:`; who opened its store closes it
   * @param serde - how values become bytes; left out: LangGraph's own serializer
   * @throws `InvalidOptionError` for an option that there is not, or a value that it cannot have
   */
  constructor(account: Account, options?: ContextStoreSaverOptions, serde?: SerializerProtocol) {
    super(serde)
    const { ttlSeconds, singleWriter = false } = checkedOptions(
      options,
      ['ttlSeconds', 'singleWriter'],
      'ContextStoreSaver',
    )
    this.#account = account
    if (typeof singleWriter !== 'boolean') throw new InvalidOptionError('singleWriter: must be true or false')
    this.#ttlSeconds = checkTtlSeconds(ttlSeconds)
    this.#singleWriter = singleWriter
  }

  /** Reads a checkpoint: the one of the config, or the newest of its thread and namespace; `undefined` if there is none. */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { thread_id: threadId, checkpoint_ns: ns = '' } = config.configurable ?? {}
    if (threadId === undefined) return undefined
    const thread = await this.#thread(threadId)
    const stated = getCheckpointId(config)
    const id = stated || (await this.#newest(thread, ns))
    if (id === undefined) return undefined
    const tuple = await this.#read(thread, ns, id)
    return tuple && stated !== '' ? { ...tuple, config } : tuple
  }

  /** Lists checkpoints, newest first: those of the config's thread, or of all threads. */
  override async *list(
    config: RunnableConfig,
    options: CheckpointListOptions = {},
  ): AsyncGenerator<CheckpointTuple> {
    const { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id } = config.configurable ?? {}
    const before = options.before?.configurable?.checkpoint_id
    let left = options.limit ?? Number.POSITIVE_INFINITY
    const threads =
      threadId === undefined ? Thread.all(this.#account, this.#ttlSeconds) : [await this.#thread(threadId)]
    for await (const thread of threads) {
      for (const { checkpointNamespace, checkpointId } of await thread.checkpoints()) {
        if (left <= 0) return
        if (ns !== undefined && checkpointNamespace !== ns) continue
        if (id !== undefined && checkpointId !== id) continue
        if (before !== undefined && checkpointId >= before) continue
        const tuple = await this.#read(thread, checkpointNamespace, checkpointId)
        if (tuple === undefined || !matches(tuple.metadata, options.filter)) continue
        left--
        yield tuple
      }
    }
  }

  /** Stores a checkpoint, after the one of the config; what of it did not change is not stored again. */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread_id: threadId, checkpoint_ns: ns = '', checkpoint_id: parent } = config.configurable ?? {}
    if (threadId === undefined) throw new Error(missing('thread_id', 'put a checkpoint'))
    const thread = await this.#thread(threadId)
    if (this.#singleWriter) this.#checkParent(await this.#newest(thread, ns), parent, checkpoint.id)
    const life = await thread.keepAlive()
    const { channel_values: values, ...rest } = checkpoint
    const known = parent === undefined ? [] : await this.#refs(thread, ns, parent)
    const stored: { [property: string]: StoredValue } = {}
    const refs: ChannelRef[] = []
    await Promise.all(
      Object.entries(values).map(async ([channel, value], index) => {
        const version = checkpoint.channel_versions[channel] ?? null
        if (version !== null && !Object.hasOwn(newVersions, channel)) {
          const old = known.find(([name, ofVersion]) => name === channel && ofVersion === version)
          if (old !== undefined) refs.push(old)
          // What a parent should have and has not is stored here, so that nothing is lost with a parent.
          if (old !== undefined || parent === undefined) return
        }
        const property = `value:${index}`
        refs.push([channel, version, checkpoint.id, property])
        stored[property] = await storeValue(value, this.serde, thread, life)
      }),
    )
    const session = await thread.checkpoint(ns, checkpoint.id)
    const [storedCheckpoint, storedMetadata] = await Promise.all([
      storeValue(rest, this.serde, thread, life),
      storeValue(metadata, this.serde, thread, life),
    ])
    await session.patch(
      {
        ...stored,
        ...life,
        ns,
        id: checkpoint.id,
        parent: parent ?? absent,
        checkpoint: storedCheckpoint,
        metadata: storedMetadata,
        refs,
      },
      thread.lifeOfSessions,
    )
    await this.#note(thread, ns, checkpoint.id, parent, life)
    return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: checkpoint.id } }
  }

  /** Stores what a task has written, with the checkpoint of the config. */
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = '',
  ): Promise<void> {
    const { thread_id: threadId, checkpoint_ns: ns = '', checkpoint_id: id } = config.configurable ?? {}
    if (threadId === undefined) throw new Error(missing('thread_id', 'put writes'))
    if (id === undefined) throw new Error(missing('checkpoint_id', 'put writes'))
    const thread = await this.#thread(threadId)
    const life = await thread.keepAlive()
    const session = await thread.checkpoint(ns, id)
    const entries = await Promise.all(
      writes.map(async ([channel, value], position): Promise<[name: string, write: StoredWrite]> => {
        const index = WRITES_IDX_MAP[channel] ?? position
        const stored = await storeValue(value, this.serde, thread, life)
        return [await writeName(taskId, index), [taskId, index, taskPath, channel, stored]]
      }),
    )
    let refused: StoredWrite[] = []
    await session.update(
      entries.map(([name]) => name),
      (current) => {
        const stands = ([name, [, index]]: (typeof entries)[number]) =>
          index >= 0 && current[name] !== undefined
        refused = entries.filter(stands).map(([, write]) => write)
        const accepted = entries.filter((entry) => !stands(entry))
        return accepted.length === 0 ? undefined : { ...Object.fromEntries(accepted), ...life }
      },
      thread.lifeOfSessions,
    )
    await Promise.all(refused.map(([, , , , value]) => discardValue(value, thread)))
  }

  /** Deletes a thread with all its checkpoints and writes; if there is none, that is no error. */
  override async deleteThread(threadId: string): Promise<void> {
    await (await this.#thread(threadId)).delete()
  }

  #thread(threadId: string): Promise<Thread> {
    return Thread.of(this.#account, threadId, this.#ttlSeconds)
  }

  async #newest(thread: Thread, ns: string): Promise<string | undefined> {
    const [head, sees] = await Promise.all([(await thread.head(ns)).getAll(), thread.sees()])
    return typeof head.latest === 'string' && sees(head) ? head.latest : undefined
  }

  /** Where the values of a checkpoint's channels are; none if the checkpoint is not there. */
  async #refs(thread: Thread, ns: string, id: string): Promise<ChannelRef[]> {
    const session = await thread.checkpoint(ns, id)
    const [properties, sees] = await Promise.all([session.getMany(['refs', 'life']), thread.sees()])
    return sees(properties) ? refsOf(properties.refs) : []
  }

  /** Notes that a checkpoint is the newest of its thread and namespace, if it is. */
  async #note(
    thread: Thread,
    ns: string,
    id: string,
    parent: string | undefined,
    life: { readonly life?: string },
  ): Promise<void> {
    const head = await thread.head(ns)
    let newest: JsonValue | undefined
    await head.update(
      ['latest', 'life'],
      (current) => {
        newest = current.life === undefined || current.life === life.life ? current.latest : undefined
        if (this.#singleWriter && isElsewhere(newest, parent, id)) return undefined
        const isNewest = typeof newest !== 'string' || id >= newest
        return { thread: thread.id, latest: isNewest ? id : newest, ...life }
      },
      thread.lifeOfSessions,
    )
    if (!this.#singleWriter || !isElsewhere(newest, parent, id)) return
    await (await thread.checkpoint(ns, id)).clear()
    this.#checkParent(newest, parent, id)
  }

  #checkParent(newest: JsonValue | undefined, parent: string | undefined, id: string): void {
    if (!isElsewhere(newest, parent, id)) return
    throw new ConflictError(
      'checkpoint: its parent is not the newest one of the thread: another run has gone on from there; read the newest state, and run again',
    )
  }

  async #read(thread: Thread, ns: string, id: string): Promise<CheckpointTuple | undefined> {
    const [properties, sees] = await Promise.all([(await thread.checkpoint(ns, id)).getAll(), thread.sees()])
    if (properties.checkpoint === undefined || !sees(properties)) return undefined
    const parent = typeof properties.parent === 'string' ? properties.parent : undefined
    const [checkpoint, metadata, values, pendingWrites] = await Promise.all([
      loadValue(properties.checkpoint, this.serde, thread) as Promise<Checkpoint>,
      loadValue(properties.metadata, this.serde, thread) as Promise<CheckpointMetadata>,
      this.#values(thread, ns, id, properties),
      this.#pendingWrites(thread, properties),
    ])
    checkpoint.channel_values = values
    if (checkpoint.v < 4 && parent !== undefined) await this.#moveSends(checkpoint, thread, ns, parent)
    const configOf = (checkpointId: string): RunnableConfig => ({
      configurable: { thread_id: thread.id, checkpoint_ns: ns, checkpoint_id: checkpointId },
    })
    return {
      config: configOf(id),
      checkpoint,
      metadata,
      pendingWrites,
      ...(parent !== undefined && { parentConfig: configOf(parent) }),
    }
  }

  /** Reads the values of the channels, each older checkpoint that has some of them once. */
  async #values(
    thread: Thread,
    ns: string,
    id: string,
    own: Partial<Properties>,
  ): Promise<{ [channel: string]: unknown }> {
    const refs = refsOf(own.refs)
    const holders = new Map<string, Partial<Properties>>([[id, own]])
    const others = new Set(refs.map(([, , checkpointId]) => checkpointId))
    others.delete(id)
    await Promise.all(
      Array.from(others, async (checkpointId) => {
        const wanted = refs.flatMap(([, , at, property]) => (at === checkpointId ? [property] : []))
        const session = await thread.checkpoint(ns, checkpointId)
        holders.set(checkpointId, await session.getMany(wanted))
      }),
    )
    const entries = await Promise.all(
      refs.map(async ([channel, , checkpointId, property]) => {
        const stored = holders.get(checkpointId)?.[property]
        if (stored === undefined) {
          throw new CorruptDataError(
            'checkpoint: a value that it refers to is missing: was its thread deleted while it was written?',
          )
        }
        return [channel, await loadValue(stored, this.serde, thread)] as const
      }),
    )
    return Object.fromEntries(entries)
  }

  /** The writes among a checkpoint's properties, in LangGraph's order: by task path, task and index. */
  async #pendingWrites(thread: Thread, properties: Partial<Properties>): Promise<CheckpointPendingWrite[]> {
    const writes = Object.entries(properties)
      .filter(([name]) => name.startsWith(writePrefix))
      .map(([, write]) => write as StoredWrite)
    const keyOf = ([taskId, index, taskPath]: StoredWrite) => writesSortKey(taskPath, taskId, index)
    writes.sort((a, b) => compareWritesSortKeys(keyOf(a), keyOf(b)))
    return Promise.all(
      writes.map(async ([taskId, , , channel, value]): Promise<CheckpointPendingWrite> => {
        return [taskId, channel, await loadValue(value, this.serde, thread)]
      }),
    )
  }

  /** Checkpoints of before version 4 have what was sent to tasks among the writes of their parent. */
  async #moveSends(checkpoint: Checkpoint, thread: Thread, ns: string, parent: string): Promise<void> {
    const properties = await (await thread.checkpoint(ns, parent)).getAll()
    const writes = await this.#pendingWrites(thread, properties)
    const versions = Object.values(checkpoint.channel_versions)
    checkpoint.channel_values[TASKS] = writes
      .filter(([, channel]) => channel === TASKS)
      .map(([, , value]) => value)
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined)
  }
}

/** Whether a checkpoint does not follow the newest one, nor is it. */
function isElsewhere(newest: JsonValue | undefined, parent: string | undefined, id: string): boolean {
  return newest !== parent && newest !== id
}

/** How the properties of pending writes begin. */
const writePrefix = 'write:'

async function writeName(taskId: string, index: number): Promise<string> {
  const name = `${writePrefix}${taskId},${index}`
  const short = await idWithinLimit(name)
  return short === name ? name : `${writePrefix}${short}`
}

function refsOf(refs: JsonValue | undefined): ChannelRef[] {
  return Array.isArray(refs) ? (refs as ChannelRef[]) : []
}

function matches(
  metadata: CheckpointMetadata | undefined,
  filter: { readonly [key: string]: unknown } = {},
): boolean {
  const found: { readonly [key: string]: unknown } = metadata ?? {}
  return Object.entries(filter).every(([key, value]) => found[key] === value)
}

function missing(field: string, work: string): string {
  return `cannot ${work}: config.configurable has no ${field}; pass { configurable: { ${field}: … } }`
}
