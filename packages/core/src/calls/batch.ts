import type { ContextStore, Expected, Patch, SessionAddress } from '../api/context-store.ts'
import { ContextStoreError, InvalidOptionError } from '../api/errors.ts'
import { type BatchResult, makeBatch } from '../operations/batch-operation.ts'
import { checkedPatch } from '../operations/session-operations.ts'
import type { StoreState } from '../operations/store-state.ts'
import type { BatchWrite } from '../port/batch.ts'
import { checkAddress, checkNames } from '../rules/check-address.ts'
import { checkCondition } from '../rules/check-patch.ts'
import { errorAt } from '../rules/error-at.ts'
import { checkedOptions } from '../rules/options.ts'
import { Address } from './address.ts'
import { argumentError } from './call-error.ts'
import { StoreHandle } from './handles.ts'

/** One write of a {@link batch}: a patch, a deletion of properties, or the end of a session. */
export type StoreWrite = {
  /** The session. */
  readonly address: SessionAddress
  /** The condition, as for `patchIf`. Default: none. */
  readonly expected?: Expected | undefined
} & (
  | {
      /** The changes, as for `patch`. */
      readonly patch: Patch
      /** The session's own time to live, as for `patch`: whole seconds from 0 to 10^10; 0: it never expires. */
      readonly ttlSeconds?: number | undefined
    }
  | {
      /** The properties to remove; the time to live does not restart. */
      readonly delete: readonly string[]
    }
  | {
      /** Ends the session. */
      readonly clear: true
    }
)

const actions = ['patch', 'delete', 'clear'] as const

/**
 * Makes several writes to sessions of one store atomically and in order; each sees the writes before it. If the
 * condition of one does not hold, none is applied. For packages that build on a store, such as one that keeps two
 * sessions in step. In the order of the store's calls, a batch counts as a patch.
 *
 * @param store - created by this copy of core, over an adapter that has `batch`: memory, SQLite, IndexedDB
 * @param writes - one or more, each with a patch, a `delete` or `clear: true`
 * @returns `{ ok: true }`, or `{ ok: false, index, current }` with the index of the first write whose condition did
 *   not hold, and the current values of its expected properties
 * @throws `UnsupportedError` if the store's engine has no batch; `traitsOf(store).cannot.batch` says so beforehand
 * @throws `InvalidOptionError` if there are no writes, or one does not have exactly one of the three actions
 * @throws any error of a single write, such as a `TooLargeError`; nothing is applied then
 * @example
 * ```ts
 * await batch(store, [
 *   { address: order, expected: { step: 1 }, patch: { step: 2 } },
 *   { address: outbox, patch: { [orderId]: 'unsent' } },
 * ])
 * ```
 */
export async function batch(store: ContextStore, writes: readonly StoreWrite[]): Promise<BatchResult> {
  const side = StoreHandle.sideOf(store)
  let checked: readonly [BatchWrite, ...BatchWrite[]]
  try {
    side.state.check()
    side.state.needs('batch')
    checked = checkWrites(side.state, writes)
  } catch (error) {
    throw argumentError(error, {})
  }
  return side.ask(makeBatch, checked[0].address, checked) as Promise<BatchResult>
}

function checkWrites(state: StoreState, writes: unknown): readonly [BatchWrite, ...BatchWrite[]] {
  const [first, ...rest] = Array.isArray(writes)
    ? Array.from(writes, (write) => checkWrite(state, write))
    : []
  if (first === undefined) throw new InvalidOptionError('writes: must be an array of one or more writes')
  return [first, ...rest]
}

function checkWrite(state: StoreState, write: unknown): BatchWrite {
  const known = checkedOptions(
    write as { readonly [name: string]: unknown },
    ['address', 'expected', 'ttlSeconds', ...actions],
    'a write of a batch',
  )
  const address = new Address(...checkAddress(known.address, state.names))
  try {
    return checkAction(state, known, address)
  } catch (error) {
    throw ContextStoreError.is(error) ? errorAt(error, address) : error
  }
}

function checkAction(
  state: StoreState,
  { expected: condition, ttlSeconds, ...write }: { readonly [name: string]: unknown },
  address: Address,
): BatchWrite {
  const [kind, another] = actions.filter((action) => write[action] !== undefined)
  if (kind === undefined || another !== undefined || (kind === 'clear' && write.clear !== true)) {
    throw new InvalidOptionError('a write of a batch: must have one of patch, delete or clear: true')
  }
  if (condition !== undefined) state.needs('conditions')
  if (kind === 'patch') {
    const request = checkedPatch(state, write.patch, condition, { ttlSeconds })
    return { kind, address, request }
  }
  if (ttlSeconds !== undefined) throw new InvalidOptionError('ttlSeconds: only for a patch')
  const expected = condition === undefined ? undefined : checkCondition(condition, state.rules, state.names)
  if (kind === 'clear') return { kind, address, expected }
  return { kind, address, names: checkNames(write.delete, state.names), expected }
}
