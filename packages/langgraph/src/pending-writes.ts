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
  /** Determines the order of a checkpoint's tasks. */
  readonly taskPath: string
  readonly writes: readonly PendingWrite[]
}

/** The prefix of the properties of pending writes in the session of their checkpoint. */
const prefix = 'write:'

/** By address: the sessions in which this process is making room. */
const making = new Map<string, Promise<boolean>>()

/**
 * Adds a task's writes to the session of their checkpoint: the first write for an index is kept, writes with a negative index overwrite.
 * If the session is full, the values in it are moved to other sessions.
 *
 * @throws `TooLargeError` if the session is still full, after about 4,000 writes
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
      // If several tasks find it full at the same time, one makes room, and the others wait for it.
      const made = making.get(address) ?? makeRoom(session, thread, life)
      making.set(address, made)
      const hasMoved = await made.finally(() => making.delete(address))
      if (!hasMoved && inlineLength !== undefined) throw error
    }
  }
}

/** Moves the values of a checkpoint's writes to other sessions; `false` if there are none to move. */
async function makeRoom(session: Session, thread: Thread, life: Life): Promise<boolean> {
  const found = writesIn(await session.getAll()).filter(([, [, index, , , value]]) => {
    return index >= 0 && isInlineAbove(value, shortestInline)
  })
  const moved = await Promise.all(
    found.map(async ([name, [taskId, index, taskPath, channel, value]]): Promise<Entry> => {
      return [name, [taskId, index, taskPath, channel, await moveOut(value, thread, life)]]
    }),
  )
  // Writes with an index of 0 or more never change, so it is enough to check that they still exist.
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

/** Compares like `compareWritesSortKeys` of LangGraph 1.2, which older versions lack: by code point, not by UTF-16 unit. */
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
