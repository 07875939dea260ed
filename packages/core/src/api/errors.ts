import type { SessionAddress } from './context-store.ts'

/** Every code that a {@link ContextStoreError} can have; each has one subclass. */
export type ErrorCode = keyof ErrorOfCode

/** The class of each code. */
export interface ErrorOfCode {
  /** An invalid account, namespace, session or property name. */
  readonly 'invalid-address': InvalidAddressError
  /** A value that JSON would lose or change. */
  readonly 'invalid-value': InvalidValueError
  /** An unknown option, or an invalid value of one. */
  readonly 'invalid-option': InvalidOptionError
  /** A namespace that nobody created, where namespaces are explicit. */
  readonly 'namespace-not-found': NamespaceNotFoundError
  /** An `update` that lost every race. */
  readonly conflict: ConflictError
  /** A session that would pass a limit. */
  readonly 'too-large': TooLargeError
  /** A call on a closed store. */
  readonly closed: StoreClosedError
  /** The engine does not answer, or failed. */
  readonly unavailable: StoreUnavailableError
  /** The engine refuses the credentials. */
  readonly unauthorized: UnauthorizedError
  /** What this kind of store cannot do. */
  readonly unsupported: UnsupportedError
  /** Data that this version did not write. */
  readonly corrupt: CorruptDataError
}

/** What a {@link ContextStoreError} carries beside its message. */
export interface ContextStoreErrorOptions {
  /** The engine's own error. */
  readonly cause?: unknown
  /** Which session, namespace or account it is about, as far as that is known. */
  readonly address?: Partial<SessionAddress> | undefined
  /** Whether the write may have happened all the same; default `not-applied`. */
  readonly outcome?: 'not-applied' | 'unknown' | undefined
}

const brand: unique symbol = Symbol.for('@context-store/error')

/** The base of every error that a store throws; an engine's own error is its `cause`. */
export class ContextStoreError extends Error {
  /** The name of the class. */
  override readonly name: string = 'ContextStoreError'
  /** Which of the errors it is; a closed list. */
  readonly code: ErrorCode
  /** Which session, namespace or account it is about, as far as that is known. */
  readonly address: Partial<SessionAddress> | undefined
  /** `unknown`: the answer was lost, the write may have happened. No store repeats a write by itself. */
  readonly outcome: 'not-applied' | 'unknown'
  /** Creates an error of the code; stores throw its subclasses. */
  constructor(code: ErrorCode, message: string, options: ContextStoreErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.address = options.address
    this.outcome = options.outcome ?? 'not-applied'
    Object.defineProperty(this, brand, { value: true })
  }

  /**
   * Whether `error` is a store's error, of `code` if given; narrows to the class of the code. Decided by a brand, so
   * that two copies of core, or two realms, agree.
   *
   * @example
   * ```ts
   * if (ContextStoreError.is(error, 'invalid-value')) console.log(error.path)
   * ```
   */
  static is(error: unknown): error is ContextStoreError
  /** As above, for one code. */
  static is<C extends ErrorCode>(error: unknown, code: C): error is ErrorOfCode[C]
  static is(error: unknown, code?: ErrorCode): boolean {
    return (
      typeof error === 'object' &&
      error !== null &&
      brand in error &&
      (code === undefined || ('code' in error && error.code === code))
    )
  }
}

/** An invalid account, namespace, session or property name: no string, empty where it must not be, too long, or ill-formed Unicode. */
export class InvalidAddressError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'InvalidAddressError'
  /** The code of the class. */
  declare readonly code: 'invalid-address'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('invalid-address', message, options)
  }
}

/** A value that JSON would lose or change; nothing was written. */
export class InvalidValueError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'InvalidValueError'
  /** The code of the class. */
  declare readonly code: 'invalid-value'
  /** Where in the patch the value is, such as `cart.items[2].at`; empty for the patch itself. */
  readonly path: string
  /** What is wrong with it and what to do; the message without the path. */
  readonly reason: string
  /** Creates the error. */
  constructor(path: string, reason: string, options?: ContextStoreErrorOptions) {
    super('invalid-value', path === '' ? reason : `${path}: ${reason}`, options)
    this.path = path
    this.reason = reason
  }
}

/** An unknown option, or an invalid value of one: a time to live, a limit, a cursor, a setting of a factory. */
export class InvalidOptionError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'InvalidOptionError'
  /** The code of the class. */
  declare readonly code: 'invalid-option'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('invalid-option', message, options)
  }
}

/** A patch or a read in a namespace that nobody created, where the store has `namespaces: 'explicit'`. */
export class NamespaceNotFoundError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'NamespaceNotFoundError'
  /** The code of the class. */
  declare readonly code: 'namespace-not-found'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('namespace-not-found', message, options)
  }
}

/** An `update`, or a condition, that lost every race. */
export class ConflictError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'ConflictError'
  /** The code of the class. */
  declare readonly code: 'conflict'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('conflict', message, options)
  }
}

/** A session that would pass a limit of length or of properties; nothing was written. */
export class TooLargeError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'TooLargeError'
  /** The code of the class. */
  declare readonly code: 'too-large'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('too-large', message, options)
  }
}

/** A call on a store that has been closed. */
export class StoreClosedError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'StoreClosedError'
  /** The code of the class. */
  declare readonly code: 'closed'
  /** Creates the error. */
  constructor(message = 'the store is closed: open another one', options?: ContextStoreErrorOptions) {
    super('closed', message, options)
  }
}

/** The engine does not answer, or failed: see `cause`, and `outcome` for a write. */
export class StoreUnavailableError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'StoreUnavailableError'
  /** The code of the class. */
  declare readonly code: 'unavailable'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('unavailable', message, options)
  }
}

/** The engine refuses the caller's credentials. */
export class UnauthorizedError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'UnauthorizedError'
  /** The code of the class. */
  declare readonly code: 'unauthorized'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('unauthorized', message, options)
  }
}

/** What this kind of store cannot do; its README says so too. */
export class UnsupportedError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'UnsupportedError'
  /** The code of the class. */
  declare readonly code: 'unsupported'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('unsupported', message, options)
  }
}

/** Data that no store of this version wrote: damaged, foreign or newer. It has been left as it is. */
export class CorruptDataError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'CorruptDataError'
  /** The code of the class. */
  declare readonly code: 'corrupt'
  /** Creates the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('corrupt', message, options)
  }
}

/**
 * The same error about `address`, under a longer message if given; for errors whose author did not know the
 * address.
 */
export function errorAbout(
  error: ContextStoreError,
  address: Partial<SessionAddress>,
  message: string = error.message,
): ContextStoreError {
  const { code, outcome } = error
  const options = { address, outcome, ...('cause' in error && { cause: error.cause }) }
  if (ContextStoreError.is(error, 'invalid-value')) {
    return new InvalidValueError(error.path, error.reason, options)
  }
  return new classes[code as Exclude<ErrorCode, 'invalid-value'>](message, options)
}

const classes = {
  'invalid-address': InvalidAddressError,
  'invalid-option': InvalidOptionError,
  'namespace-not-found': NamespaceNotFoundError,
  conflict: ConflictError,
  'too-large': TooLargeError,
  closed: StoreClosedError,
  unavailable: StoreUnavailableError,
  unauthorized: UnauthorizedError,
  unsupported: UnsupportedError,
  corrupt: CorruptDataError,
}
