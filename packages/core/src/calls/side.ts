import type { Operation, Scope } from '../operations/operation.ts'
import type { StoreState } from '../operations/store-state.ts'
import type { ListRequest, Slice } from '../port/storage-adapter.ts'
import { defaultPageSize } from '../rules/page-cursor.ts'

/**
 * One side of a store. The synchronous side runs an operation at once; the asynchronous side returns a promise and keeps
 * the order of the calls. Each operation is written once, for both.
 */
export interface Side {
  /** The state that both sides share. */
  readonly state: StoreState
  /** Makes a call; returns its value, or a promise of it. */
  ask<S extends Scope, C>(
    operation: Operation<S, C>,
    scope: S,
    a?: unknown,
    b?: unknown,
    c?: unknown,
  ): unknown
  /** Returns the items of a walk, as an iterable or an async iterable. */
  items(walk: () => Walk): unknown
  /** Closes the store; a second call has the same result as the first. */
  close(): unknown
}

/** An asynchronous side, which also makes adapter-specific calls. */
export interface AsyncSide extends Side {
  /** Makes a call after the earlier writes within `scope`; `close()` waits for it. */
  own<T>(scope: Scope, call: () => Promise<T>): Promise<T>
}

/** A walk through a listing: yields a call, whose result it is resumed with, or an item. */
export type Walk = Generator<{ readonly call: unknown } | { readonly item: unknown }, void, unknown>

/** Walks through a listing, a slice at a time. */
export function* walkThrough<S extends Scope, R extends ListRequest>(
  side: Side,
  slices: Operation<S, R>,
  scope: S,
  options: Omit<R, keyof ListRequest>,
): Walk {
  let from: string | undefined
  do {
    const call = side.ask(slices, scope, { ...options, from, limit: defaultPageSize })
    const { items, next } = (yield { call }) as Slice<unknown>
    for (const item of items) {
      side.state.check()
      yield { item }
    }
    from = next
  } while (from !== undefined)
}

/** The items of a walk on a synchronous engine. */
export function* syncItems(walk: Walk): Generator<unknown, void, undefined> {
  let step = walk.next()
  while (step.done !== true) {
    if ('item' in step.value) {
      yield step.value.item
      step = walk.next()
    } else {
      step = walk.next(step.value.call)
    }
  }
}

/** The items of a walk on an asynchronous side. */
export async function* asyncItems(walk: Walk): AsyncGenerator<unknown, void, undefined> {
  let step = walk.next()
  while (step.done !== true) {
    if ('item' in step.value) {
      yield step.value.item
      step = walk.next()
    } else {
      step = walk.next(await step.value.call)
    }
  }
}
