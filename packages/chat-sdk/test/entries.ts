import type { QueueEntry } from 'chat'

/** An entry of a queue. Its message has only an id: a queue does not look at messages. */
export function entryOf(id: string, expiresAt: number): QueueEntry {
  return { message: { id } as QueueEntry['message'], enqueuedAt: 0, expiresAt }
}

/** The whole numbers from `from` up to, but not including, `to`. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n)
}
