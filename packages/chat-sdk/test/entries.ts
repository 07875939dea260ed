import type { QueueEntry } from 'chat'

/** A queue's entry, with as much of a message as a queue looks at: nothing. */
export function entryOf(id: string, expiresAt: number): QueueEntry {
  return { message: { id } as QueueEntry['message'], enqueuedAt: 0, expiresAt }
}

/** The whole numbers from `from` up to, but not including, `to`. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n)
}
