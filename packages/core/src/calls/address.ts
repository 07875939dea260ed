import type { CheckedAddress } from '../port/checked-address.ts'

/** The address of a session handle. */
export class Address implements CheckedAddress {
  readonly account: string
  readonly namespace: string
  readonly session: string
  memo: unknown = undefined

  constructor(account: string, namespace: string, session: string) {
    this.account = account
    this.namespace = namespace
    this.session = session
  }
}
