import type { CoreCheck } from '../core-checks.ts'

/** A fault that is inserted into the source of core or memory. */
export interface CoreMutant {
  /** The fault. */
  readonly name: string
  /** The file, relative to the folder `packages`. */
  readonly file: string
  /** The text to replace; it must occur exactly once, or the mutant is out of date. */
  readonly from: string
  readonly to: string
  /** The check that must detect it. */
  readonly seenBy: CoreCheck
}

/** The faults. */
export const coreMutants: readonly CoreMutant[] = [
  {
    name: 'does not release a lock whose task throws',
    file: 'core/src/calls/settle.ts',
    from: `  try {
    answer = work()
  } catch (error) {
    fail(error)
    return
  }`,
    to: '  answer = work()',
    seenBy: 'faulty engine',
  },
  {
    name: 'does not release a lock whose task fails',
    file: 'core/src/calls/call-queue.ts',
    from: `            this.#end(call)
            reject(errorOf(error))`,
    to: '            reject(errorOf(error))',
    seenBy: 'faulty engine',
  },
  {
    name: 'lets the writes of a session run concurrently',
    file: 'core/src/calls/call-queue.ts',
    from: 'call.lock.acquire(call.exclusive, call.start)',
    to: 'call.lock.acquire(false, call.start)',
    seenBy: { store: 'text', row: 'order of effects' },
  },
  {
    name: 'lets calls overtake the deletion of their namespace',
    file: 'core/src/calls/call-queue.ts',
    from: 'if (session === undefined) queue.lock.acquire(true, call.start)',
    to: 'if (session === undefined) queue.lock.acquire(false, call.start)',
    seenBy: 'faulty engine',
  },
  {
    name: 'lets a listing of sessions overtake writes',
    file: 'core/src/calls/call-queue.ts',
    from: 'new Promise<void>((resolve) => queue.writes.after(resolve))',
    to: 'Promise.resolve()',
    seenBy: { store: 'text', row: 'order of effects' },
  },
  {
    name: 'lets a listing of accounts or namespaces overtake writes',
    file: 'core/src/calls/call-queue.ts',
    from: 'this.#afterWrites(this.#queuesOf(account), call.start)',
    to: 'call.start()',
    seenBy: { store: 'text', row: 'order of effects' },
  },
  {
    name: 'lets another call come between the two attempts of a conditional write',
    file: 'core/src/calls/queued-side.ts',
    from: 'return operation.isSeveral === true && this.#group === undefined',
    to: 'return false',
    seenBy: { store: 'ordered text', row: 'order of effects' },
  },
  {
    name: 'does not wait for pending calls when it is closed',
    file: 'core/src/calls/queued-side.ts',
    from: `this.#queue
        .ended()`,
    to: 'Promise.resolve()',
    seenBy: 'faulty engine',
  },
  {
    name: 'throws within `change` if close() should reject',
    file: 'core/src/calls/queued-side.ts',
    from: `      try {
        this.state.close()
      } catch (error) {
        return Promise.reject(error)
      }`,
    to: '      this.state.close()',
    seenBy: { store: 'text', row: 'update' },
  },
  {
    name: 'checks the arguments of a closed store first',
    file: 'core/src/calls/queued-side.ts',
    from: `      state.check()
      checked = operation.check(state, scope, a, b, c)`,
    to: `      checked = operation.check(state, scope, a, b, c)
      state.check()`,
    seenBy: { store: 'text', row: 'after close()' },
  },
  {
    name: 'lets a synchronous call overtake waiting writes',
    file: 'core/src/calls/sync-side.ts',
    from: `    this.flush()
    const run`,
    to: '    const run',
    seenBy: { store: 'transactional', row: 'synchronous side' },
  },
  {
    name: 'fails a write whose reclaiming failed',
    file: 'core/src/calls/sync-side.ts',
    from: `    } catch {
      // A failing engine fails the next call.
    }`,
    to: `    } catch (error) {
      throw error
    }`,
    seenBy: 'failing reclaim',
  },
  {
    name: 'reports a commit of unknown outcome as not applied',
    file: 'core/src/calls/group-commit.ts',
    from: "if (!ContextStoreError.is(error) || error.outcome !== 'unknown') return false",
    to: 'return false',
    seenBy: 'faulty engine',
  },
  {
    name: 'resolves a write before it is committed',
    file: 'core/src/calls/group-commit.ts',
    from: 'made.push({ call, outcome: yield this.#answer(call, calls, at, started), failed: false })',
    to: 'call.resolve(yield this.#answer(call, calls, at, started))',
    seenBy: 'faulty engine',
  },
  {
    name: 'leaves the address out of its errors',
    file: 'core/src/rules/error-at.ts',
    from: 'if (account === undefined || error.address?.session !== undefined) return error',
    to: 'if (account !== undefined) return error',
    seenBy: { store: 'memory', row: 'errors' },
  },
  {
    name: 'refuses a condition that holds if the members are in another order',
    file: 'core/src/operations/conditional-operations.ts',
    from: '!conditionHolds(expected, current)) return current',
    to: 'true) return current',
    seenBy: { store: 'text', row: 'patchIf' },
  },
  {
    name: 'does not check the time to live of an update before `change`',
    file: 'core/src/operations/update-operation.ts',
    from: 'const ttlSeconds = checkTtl(options)',
    to: 'const ttlSeconds = options === undefined ? undefined : (options as { ttlSeconds?: number }).ttlSeconds',
    seenBy: { store: 'text', row: 'update' },
  },
  {
    name: 'leaves the rejection of an asynchronous `change` without a handler',
    file: 'core/src/operations/update-operation.ts',
    from: '      Promise.resolve(properties).catch(() => undefined)\n',
    to: '',
    seenBy: { store: 'memory', row: 'update' },
  },
  {
    name: 'lets `change` call its own store',
    file: 'core/src/operations/store-state.ts',
    from: 'if (!this.#isChanging) return',
    to: 'if (this !== undefined) return',
    seenBy: { store: 'memory', row: 'update' },
  },
  {
    name: 'ignores options that do not exist',
    file: 'core/src/rules/options.ts',
    from: 'if (!known.includes(name)) {',
    to: 'if (known.length === 0) {',
    seenBy: { store: 'memory', row: 'options' },
  },
  {
    name: 'leaves the lengths of its parts out of a cursor’s checksum',
    file: 'core/src/rules/page-cursor.ts',
    from: '    hash = Math.imul(hash ^ part.length, 0x01000193)\n',
    to: '',
    seenBy: { store: 'memory', row: 'listings' },
  },
  {
    name: 'drops the named members of an array',
    file: 'core/src/rules/json-copy.ts',
    from: 'if (Object.keys(value).length > length ||',
    to: 'if (',
    seenBy: { store: 'memory', row: 'values' },
  },
  {
    name: 'drops the members of an array that are named by symbols',
    file: 'core/src/rules/json-copy.ts',
    from: '> length || Object.getOwnPropertySymbols(value).length > 0) {',
    to: '> length) {',
    seenBy: { store: 'memory', row: 'values' },
  },
  {
    name: 'treats null as not `present`',
    file: 'core/src/rules/condition.ts',
    from: 'return isThere && (value === present || jsonEqual',
    to: 'return isThere && ((value === present && current[name] !== null) || jsonEqual',
    seenBy: { store: 'memory', row: 'patchIf' },
  },
  {
    name: 'checks the condition of clearIf() against an expired session',
    file: 'core/src/document/decide-write.ts',
    from: 'refusalOf(expected, isOver ? emptyDocument : before.document) ?? end',
    to: 'refusalOf(expected, isOver ? before.document : before.document) ?? end',
    seenBy: { store: 'text', row: 'patchIf' },
  },
  {
    name: 'puts any number of large sessions on a page',
    file: 'memory/src/memory-adapter.ts',
    from: '() => length >= listedLength',
    to: '() => length < 0',
    seenBy: { store: 'memory', row: 'listings' },
  },
  {
    name: 'reads the clock after its first change',
    file: 'memory/src/memory-adapter.ts',
    from: 'const now = isLasting ? 0 : clock()',
    to: 'const now = isLasting ? 0 : (this.#begin(address, request, owner, 0), clock())',
    seenBy: { store: 'memory', row: 'the clock' },
  },
  {
    name: 'never releases the bytes of a session',
    file: 'memory/src/recent-use.ts',
    from: 'this.#bytes -= record.bytes + sessionBytes',
    to: 'this.#bytes -= sessionBytes',
    seenBy: 'bytes given back',
  },
]
