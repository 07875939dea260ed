import { CorruptDataError, type JsonValue, type Properties } from '@context-store/core'
import type { SerializerProtocol } from '@langchain/langgraph-checkpoint'
import { loadValue } from './stored-value.ts'
import type { Thread } from './thread.ts'

/** Where the value of a channel is: in the checkpoint that it was written with. `version` is `null` if the channel has none. */
export type ChannelRef = [
  channel: string,
  version: string | number | null,
  checkpointId: string,
  property: string,
]

/** Reads the refs from a property. */
export function refsOf(refs: JsonValue | undefined): ChannelRef[] {
  return Array.isArray(refs) ? (refs as ChannelRef[]) : []
}

/**
 * Reads the values of a checkpoint's channels, with one read for each older checkpoint that has some of them.
 *
 * @param own - the properties of the checkpoint
 */
export async function readValues(
  thread: Thread,
  checkpointNamespace: string,
  id: string,
  own: Partial<Properties>,
  serde: SerializerProtocol,
): Promise<{ [channel: string]: unknown }> {
  const refs = refsOf(own.refs)
  const holders = new Map<string, Partial<Properties>>([[id, own]])
  const others = new Set(refs.map(([, , checkpointId]) => checkpointId))
  others.delete(id)
  await Promise.all(
    Array.from(others, async (checkpointId) => {
      const wanted = refs.flatMap(([, , at, property]) => (at === checkpointId ? [property] : []))
      const session = await thread.checkpoint(checkpointNamespace, checkpointId)
      holders.set(checkpointId, await session.getMany(wanted))
    }),
  )
  const entries = await Promise.all(
    refs.map(async ([channel, , checkpointId, property]) => {
      const stored = holders.get(checkpointId)?.[property]
      if (stored === undefined) {
        throw new CorruptDataError(
          'checkpoint: a channel value is missing, probably because its thread was deleted meanwhile: delete the thread again',
        )
      }
      return [channel, await loadValue(stored, serde, thread)] as const
    }),
  )
  return Object.fromEntries(entries)
}
