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
  /** A namespace that does not exist, where namespaces are explicit. */
  readonly 'namespace-not-found': NamespaceNotFoundError
  /** An `update`, or a conditional write, that lost every race. */
  readonly conflict: ConflictError
  /** A session or a patch that would exceed a limit. */
  readonly 'too-large': TooLargeError
  /** A call on a closed store. */
  readonly closed: StoreClosedError
  /** The engine does not answer, or failed. */
  readonly unavailable: StoreUnavailableError
  /** The engine refuses the credentials. */
  readonly unauthorized: UnauthorizedError
  /** An operation that this kind of store does not support. */
  readonly unsupported: UnsupportedError
  /** Data that no store of this version wrote. */
  readonly corrupt: CorruptDataError
}

/** The fields of a {@link ContextStoreError} besides its message. */
export interface ContextStoreErrorOptions {
  /** The engine's own error. */
  readonly cause?: unknown
  /** The session, namespace or account that the error is about, as far as it is known. */
  readonly address?: Partial<SessionAddress> | undefined
  /** Whether the write may have been applied in spite of the error; default `not-applied`. */
  readonly outcome?: 'not-applied' | 'unknown' | undefined
}

const brand: unique symbol = Symbol.for('@context-store/error')

/** The base of every error that a store throws; an engine's own error is its `cause`. */
export class ContextStoreError extends Error {
  /** The name of the class. */
  override readonly name: string = 'ContextStoreError'
  /** Identifies the kind of error; a closed list. */
  readonly code: ErrorCode
  /** The session, namespace or account that the error is about, as far as it is known. */
  readonly address: Partial<SessionAddress> | undefined
  /** `unknown`: the response was lost and the write may have been applied. No store retries such a write by itself. */
  readonly outcome: 'not-applied' | 'unknown'
  /** Creates an error with this code; stores throw the subclasses. */
  constructor(code: ErrorCode, message: string, options: ContextStoreErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.address = options.address
    this.outcome = options.outcome ?? 'not-applied'
    Object.defineProperty(this, brand, { value: true })
  }

  /**
   * Whether `error` is a store's error, with `code` if given; narrows to the class of the code. It checks a brand, so
   * it works across two copies of core and across realms.
   *
   * @example
   * ```ts
   * if (ContextStoreError.is(error, 'invalid-value')) console.log(error.path)
   * ```
   */
  static is(error: unknown): error is ContextStoreError
  /** The same, for one code. */
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

/** An invalid id or property name: not a string, an empty id, too long, or ill-formed Unicode. */
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
  /** Where the value is in the patch or condition, such as `cart.items[2].at`; empty for the whole patch or condition. */
  readonly path: string
  /** What is wrong with the value and what to do; the message without the path. */
  readonly reason: string
  /** Creates the error. */
  constructor(path: string, reason: string, options?: ContextStoreErrorOptions) {
    super('invalid-value', path === '' ? reason : `${path}: ${reason}`, options)
    this.path = path
    this.reason = reason
  }
}

/** An unknown option, or an invalid value of one: a time to live, a limit, a cursor, an option of a factory. */
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

/** A patch or a read in a namespace that does not exist, where the store has `namespaces: 'explicit'`. */
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

/** An `update`, or a conditional write, that lost every race. */
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

/** A session or a patch that would exceed a limit of length or of properties; nothing was written. */
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

/** An operation that this kind of store does not support (see its README), or a call to a store inside its own `change`. */
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

/** Data that no store of this version wrote: damaged, foreign or newer. It has been left unchanged. */
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
 * The same error with `address`, and with `message` if given; for errors thrown by code that did not know the
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
