import {
  type Account,
  absent,
  ConflictError,
  ContextStoreError,
  type Expected,
  InvalidAddressError,
  InvalidOptionError,
  type JsonValue,
} from '@context-store/core'
import { checkedOptions, checkTtlSeconds } from '@context-store/core/bridge'
import type { RunnableConfig } from '@langchain/core/runnables'
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  getCheckpointId,
  maxChannelVersion,
  type PendingWrite,
  type SerializerProtocol,
  TASKS,
} from '@langchain/langgraph-checkpoint'
import { type ChannelRef, readValues, refsOf } from './channel-values.ts'
import { addWrites, pendingWritesOf } from './pending-writes.ts'
import { discardValue, inlineLengthOf, loadValue, type StoredValue, storeValue } from './stored-value.ts'
import { type Life, Thread } from './thread.ts'

/** Options of {@link ContextStoreSaver}. */
export interface ContextStoreSaverOptions {
  /**
   * How long a thread lives after its last write, in whole seconds; 0, the default: it never expires. The whole thread disappears at once.
   * The option applies to data that is written with it, so do not change it for existing threads.
   */
  readonly ttlSeconds?: number | undefined
  /**
   * Refuses a checkpoint whose parent is not the newest one, with a `ConflictError`. If two runs continue from the same checkpoint, one
   * of them then fails instead of both being in the thread. Forks from older checkpoints are refused, too. Default: `false`.
   */
  readonly singleWriter?: boolean | undefined
}

/**
 * A LangGraph checkpointer over an account of a context store. Each thread is a namespace, each checkpoint a session.
 *
 * A checkpoint stores the values of the channels that changed (`newVersions`), and refers to older checkpoints for the others. It is
 * recorded as the newest after it has been written, so if a process dies in between, the previous one is still the newest. Pending writes
 * are stored with their checkpoint. The first write for a task and index is kept; writes with a negative index (errors, interrupts, resumes)
 * overwrite. Values come back with exactly the bytes that the serializer produced.
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
   * @param account - where the threads are kept, in namespaces that begin with `thread:`. Close its store yourself
   * @param serde - converts values to bytes. Default: LangGraph's own serializer
   * @throws `InvalidOptionError` if an option is unknown, or its value is invalid
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

  /** Reads the checkpoint in the config, or the newest one of its thread and namespace; `undefined` if there is none. */
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

  /** Lists the checkpoints of the config's thread, or of all threads if it names none; the newest of each thread first. */
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
        if (id && checkpointId !== id) continue
        if (before && checkpointId >= before) continue
        const tuple = await this.#read(thread, checkpointNamespace, checkpointId)
        if (tuple === undefined || !matches(tuple.metadata, options.filter)) continue
        left--
        yield tuple
      }
    }
  }

  /** Stores a checkpoint whose parent is the one in the config. Values that did not change are not stored again. */
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
    const isNew = (channel: string) =>
      Object.hasOwn(newVersions, channel) || checkpoint.channel_versions[channel] === undefined
    const known = Object.keys(values).every(isNew) ? [] : await this.#refs(thread, ns, parent)
    const inlineLength = inlineLengthOf(Object.keys(values).filter(isNew).length)
    const stored: { [property: string]: StoredValue } = {}
    const refs: ChannelRef[] = []
    await Promise.all(
      Object.entries(values).map(async ([channel, value], index) => {
        const version = checkpoint.channel_versions[channel] ?? null
        if (!isNew(channel)) {
          const old = known.find(([name, ofVersion]) => name === channel && ofVersion === version)
          if (old !== undefined && parent !== undefined) {
            refs.push(old)
            return
          }
          // A value that the parent should have but lacks is stored here, so that nothing is lost with a parent. LangGraph copies a first
          // checkpoint to one without a parent: values that the thread has are stored again, because forks may have other values for a
          // version.
          if (old === undefined && parent === undefined) return
        }
        const property = `value:${index}`
        refs.push([channel, version, checkpoint.id, property])
        stored[property] = await storeValue(value, this.serde, thread, life, inlineLength)
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
    try {
      await this.#note(thread, ns, checkpoint.id, parent, life)
    } catch (error) {
      if (!ContextStoreError.is(error, 'conflict')) throw error
      await session.clear()
      const all = [...Object.values(stored), storedCheckpoint, storedMetadata]
      await Promise.all(all.map((value) => discardValue(value, thread)))
      throw error
    }
    return { configurable: { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: checkpoint.id } }
  }

  /** Stores what a task has written, with the checkpoint in the config. */
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
    await addWrites({ taskId, taskPath, writes }, session, this.serde, thread, life)
  }

  /** Deletes a thread with all its checkpoints and writes; a missing thread is not an error. */
  override async deleteThread(threadId: string): Promise<void> {
    await (await this.#thread(threadId)).delete()
  }

  async #thread(threadId: unknown): Promise<Thread> {
    if (typeof threadId !== 'string') throw new InvalidAddressError('thread_id: must be a string')
    return Thread.of(this.#account, threadId, this.#ttlSeconds)
  }

  async #newest(thread: Thread, ns: string): Promise<string | undefined> {
    const [head, sees] = await Promise.all([(await thread.head(ns)).getAll(), thread.sees()])
    return typeof head.latest === 'string' && sees(head) ? head.latest : undefined
  }

  /** The refs of a checkpoint's channels; without an id, the refs of all checkpoints. */
  async #refs(thread: Thread, ns: string, id: string | undefined): Promise<ChannelRef[]> {
    if (id === undefined) {
      const all = await thread.checkpoints(['refs'])
      return all.flatMap(({ checkpointNamespace, properties }) =>
        checkpointNamespace === ns ? refsOf(properties.refs) : [],
      )
    }
    const session = await thread.checkpoint(ns, id)
    const [properties, sees] = await Promise.all([session.getMany(['refs', 'life']), thread.sees()])
    return sees(properties) ? refsOf(properties.refs) : []
  }

  /** Records a checkpoint as the newest of its thread and namespace, if it is. */
  async #note(thread: Thread, ns: string, id: string, parent: string | undefined, life: Life): Promise<void> {
    const head = await thread.head(ns)
    // Assume that the newest is the parent, as usual; otherwise the result of `patchIf` says which it is.
    let found: { readonly latest?: JsonValue | undefined; readonly life?: JsonValue | undefined } = {
      latest: parent,
      ...life,
    }
    for (let isNoted = false; !isNoted; ) {
      const newest = found.life === undefined || found.life === life.life ? found.latest : undefined
      if (this.#singleWriter) this.#checkParent(newest, parent, id)
      const latest = typeof newest === 'string' && newest > id ? newest : id
      const expected: Expected = { latest: found.latest ?? absent, life: found.life ?? absent }
      const result = await head.patchIf(
        expected,
        { thread: thread.id, latest, ...life },
        thread.lifeOfSessions,
      )
      isNoted = result.ok
      if (!result.ok) found = result.current
    }
  }

  #checkParent(newest: JsonValue | undefined, parent: string | undefined, id: string): void {
    if (!isElsewhere(newest, parent, id)) return
    throw new ConflictError(
      'checkpoint: its parent is no longer the newest of the thread: another run has continued from it; read the newest state, and run again',
    )
  }

  async #read(thread: Thread, ns: string, id: string): Promise<CheckpointTuple | undefined> {
    const [properties, sees] = await Promise.all([(await thread.checkpoint(ns, id)).getAll(), thread.sees()])
    if (properties.checkpoint === undefined || !sees(properties)) return undefined
    const parent = typeof properties.parent === 'string' ? properties.parent : undefined
    const [checkpoint, metadata, values, pendingWrites] = await Promise.all([
      loadValue(properties.checkpoint, this.serde, thread) as Promise<Checkpoint>,
      loadValue(properties.metadata, this.serde, thread) as Promise<CheckpointMetadata>,
      readValues(thread, ns, id, properties, this.serde),
      pendingWritesOf(properties, this.serde, thread),
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

  /** Moves sends into the checkpoint: before version 4, they are among the pending writes of its parent. */
  async #moveSends(checkpoint: Checkpoint, thread: Thread, ns: string, parent: string): Promise<void> {
    const properties = await (await thread.checkpoint(ns, parent)).getAll()
    const writes = await pendingWritesOf(properties, this.serde, thread)
    const versions = Object.values(checkpoint.channel_versions)
    checkpoint.channel_values[TASKS] = writes
      .filter(([, channel]) => channel === TASKS)
      .map(([, , value]) => value)
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined)
  }
}

/** Whether a checkpoint neither follows the newest one nor is it. */
function isElsewhere(newest: JsonValue | undefined, parent: string | undefined, id: string): boolean {
  return newest !== parent && newest !== id
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
