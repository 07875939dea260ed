import { Buffer } from 'node:buffer'
import { absent, ContextStoreError, type Properties, present, type Session } from '@context-store/core'
import { idWithinLimit } from '@context-store/core/bridge'
import {
  type CheckpointPendingWrite,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from '@langchain/langgraph-checkpoint'
import {
  discardValue,
  isInlineAbove,
  loadValue,
  moveOut,
  type StoredValue,
  shortestInline,
  storeValue,
} from './stored-value.ts'
import type { Life, Thread } from './thread.ts'

/** A pending write as it is stored. */
type StoredWrite = [taskId: string, index: number, taskPath: string, channel: string, value: StoredValue]

/** A write with the name of its property. */
type Entry = [name: string, write: StoredWrite]

/** What a task has written. */
export interface TaskWrites {
  readonly taskId: string
  /** Decides the order of the tasks of a checkpoint. */
  readonly taskPath: string
  readonly writes: readonly PendingWrite[]
}

/** How the properties of pending writes begin, among those of their checkpoint. */
const prefix = 'write:'

/** The sessions that are being made room in by this process. */
const making = new Map<string, Promise<boolean>>()

/**
 * Adds a task's writes to the session of their checkpoint: the first of an index stands, those with a negative index overwrite. Where the
 * session is full, the values in it are moved to sessions of their own.
 *
 * @throws `TooLargeError` where there is no room even so, after some 2,000 writes
 */
export async function addWrites(
  task: TaskWrites,
  session: Session,
  serde: SerializerProtocol,
  thread: Thread,
  life: Life,
): Promise<void> {
  const address = JSON.stringify(session.address)
  for (let inlineLength: number | undefined; ; inlineLength = shortestInline) {
    try {
      return await add(task, session, serde, thread, life, inlineLength)
    } catch (error) {
      if (!ContextStoreError.is(error, 'too-large')) throw error
      // Tasks that find it full at once wait for one of them.
      const made = making.get(address) ?? makeRoom(session, thread, life)
      making.set(address, made)
      const hasMoved = await made.finally(() => making.delete(address))
      if (!hasMoved && inlineLength !== undefined) throw error
    }
  }
}

/** Moves the values of a checkpoint's writes to sessions of their own; `false` if there are none to move. */
async function makeRoom(session: Session, thread: Thread, life: Life): Promise<boolean> {
  const found = writesIn(await session.getAll()).filter(([, [, index, , , value]]) => {
    return index >= 0 && isInlineAbove(value, shortestInline)
  })
  const moved = await Promise.all(
    found.map(async ([name, [taskId, index, taskPath, channel, value]]): Promise<Entry> => {
      return [name, [taskId, index, taskPath, channel, await moveOut(value, thread, life)]]
    }),
  )
  // Those with an index of 0 or more do not change: they are as they were read if they are there.
  const expected = Object.fromEntries(moved.map(([name]) => [name, present] as const))
  const { ok } = await session.patchIf(expected, Object.fromEntries(moved), thread.lifeOfSessions)
  if (!ok) await Promise.all(moved.map(([, [, , , , value]]) => discardValue(value, thread)))
  return found.length > 0
}

async function add(
  { taskId, taskPath, writes }: TaskWrites,
  session: Session,
  serde: SerializerProtocol,
  thread: Thread,
  life: Life,
  inlineLength?: number,
): Promise<void> {
  const entries = await Promise.all(
    writes.map(async ([channel, value], position): Promise<Entry> => {
      const index = WRITES_IDX_MAP[channel] ?? position
      const stored = await storeValue(value, serde, thread, life, inlineLength)
      return [await nameOf(taskId, index), [taskId, index, taskPath, channel, stored]]
    }),
  )
  let left = entries
  try {
    for (let isDone = left.length === 0; !isDone; ) {
      const first = left.filter(([, [, index]]) => index >= 0).map(([name]) => [name, absent] as const)
      const properties = { ...Object.fromEntries(left), ...life }
      const result = await session.patchIf(Object.fromEntries(first), properties, thread.lifeOfSessions)
      if (!result.ok) left = left.filter(([name]) => !Object.hasOwn(result.current, name))
      isDone = result.ok || left.length === 0
    }
  } catch (error) {
    if (ContextStoreError.is(error, 'too-large')) left = []
    throw error
  } finally {
    const notStored = entries.filter((entry) => !left.includes(entry))
    await Promise.all(notStored.map(([, [, , , , value]]) => discardValue(value, thread)))
  }
}

/** The writes among a checkpoint's properties, in LangGraph's order: by task path, task and index. */
export async function pendingWritesOf(
  properties: Partial<Properties>,
  serde: SerializerProtocol,
  thread: Thread,
): Promise<CheckpointPendingWrite[]> {
  const writes = writesIn(properties).map(([, write]) => write)
  writes.sort(byPathTaskAndIndex)
  return Promise.all(
    writes.map(async ([taskId, , , channel, value]): Promise<CheckpointPendingWrite> => {
      return [taskId, channel, await loadValue(value, serde, thread)]
    }),
  )
}

/** As LangGraph 1.2 compares them (`compareWritesSortKeys`), which older versions lack: by code point, not by UTF-16 unit. */
function byPathTaskAndIndex(
  [aTask, aIndex, aPath]: StoredWrite,
  [bTask, bIndex, bPath]: StoredWrite,
): number {
  return byCodePoint(aPath, bPath) || byCodePoint(aTask, bTask) || aIndex - bIndex
}

function byCodePoint(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function writesIn(properties: Partial<Properties>): Entry[] {
  return Object.entries(properties).filter(([name]) => name.startsWith(prefix)) as Entry[]
}

async function nameOf(taskId: string, index: number): Promise<string> {
  const name = `${prefix}${taskId},${index}`
  const short = await idWithinLimit(name)
  return short === name ? name : `${prefix}${short}`
}
