import { type ContextStoreError, StoreUnavailableError } from '@context-store/core'
import { GroupCommit, type StoreRules } from '@context-store/core/adapter'
import { PlainAdapter } from './plain-adapter.ts'

/** When a transaction fails: before it begins, before it is committed, or after that. */
export type TransactionFault = 'begin' | 'commit' | 'committed'

/** A plain adapter whose calls can be grouped in a transaction, which may fail. */
export class TransactionalAdapter extends PlainAdapter {
  readonly transactions: GroupCommit
  #before: PlainAdapter['namespaces'] | undefined

  /** @param fault - the fault of the next transaction; `undefined`: none */
  constructor(rules: StoreRules, fault: () => TransactionFault | undefined) {
    super(rules)
    let next: TransactionFault | undefined
    this.transactions = new GroupCommit({
      begin: () => {
        next = fault()
        if (next === 'begin') throw new Error('begin')
        if (this.#before !== undefined) throw new Error('a transaction is open already')
        this.#before = structuredClone(this.namespaces)
      },
      commit: () => {
        if (next === 'commit') throw new Error('commit')
        this.#before = undefined
        if (next === 'committed') throw new Error('committed')
      },
      rollback: () => {
        if (this.#before === undefined) throw new Error('no transaction is open')
        this.namespaces.clear()
        for (const [key, namespace] of this.#before) this.namespaces.set(key, namespace)
        this.#before = undefined
      },
      afterTick: (flush) => void setImmediate(flush),
    })
  }

  errorOf(cause: unknown): ContextStoreError {
    const isLost =
      typeof cause === 'object' && cause !== null && Reflect.get(cause, 'message') === 'committed'
    return new StoreUnavailableError('the transaction failed', {
      cause,
      outcome: isLost ? 'unknown' : 'not-applied',
    })
  }
}
