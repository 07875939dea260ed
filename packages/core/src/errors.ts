import type { SessionAddress } from './api.ts'

/** Every code that a {@link ContextStoreError} can bear; each has one subclass. */
export type ErrorCode =
  | 'invalid-address'
  | 'invalid-value'
  | 'invalid-option'
  | 'namespace-not-found'
  | 'conflict'
  | 'too-large'
  | 'closed'
  | 'unavailable'
  | 'unauthorized'
  | 'unsupported'
  | 'corrupt'

/** What a {@link ContextStoreError} says beside its message. */
export interface ContextStoreErrorOptions {
  /** The engine's own error. */
  readonly cause?: unknown
  /** Where it happened, as far as it is known. */
  readonly address?: Partial<SessionAddress> | undefined
  /** Whether the write may have happened all the same; `not-applied` if left out. */
  readonly outcome?: 'not-applied' | 'unknown' | undefined
}

const brand: unique symbol = Symbol.for('@context-store/error')

/** The one family of errors that a store throws; an engine's own error is its `cause`. */
export class ContextStoreError extends Error {
  /** The name of the class. */
  override readonly name: string = 'ContextStoreError'
  /** Which of the errors it is; a closed list. */
  readonly code: ErrorCode
  /** Where it happened, as far as it is known. */
  readonly address: Partial<SessionAddress> | undefined
  /** `unknown`: the answer was lost, the write may have happened. Nothing repeats it by itself. */
  readonly outcome: 'not-applied' | 'unknown'
  /** Makes an error of the code; stores throw its subclasses. */
  constructor(code: ErrorCode, message: string, options: ContextStoreErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.address = options.address
    this.outcome = options.outcome ?? 'not-applied'
    Object.defineProperty(this, brand, { value: true })
  }

  /**
   * Whether `error` is a store's error, of `code` if given; by a brand, so that two copies of core agree.
   */
  static is(error: unknown, code?: ErrorCode): error is ContextStoreError {
    return (
      typeof error === 'object' &&
      error !== null &&
      brand in error &&
      (code === undefined || ('code' in error && error.code === code))
    )
  }
}

/** An account, namespace, session or property name that cannot be: empty where it must not, too long, or ill-formed Unicode. */
export class InvalidAddressError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'InvalidAddressError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('invalid-address', message, options)
  }
}

/** A value that JSON would lose or change; nothing was written. */
export class InvalidValueError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'InvalidValueError'
  /** Where in the patch the value stands, such as `cart.items[2].at`; empty for the patch itself. */
  readonly path: string
  /** What is wrong with it and what to do; the message without the path. */
  readonly reason: string
  /** Makes the error. */
  constructor(path: string, reason: string, options?: ContextStoreErrorOptions) {
    super('invalid-value', path === '' ? reason : `${path}: ${reason}`, options)
    this.path = path
    this.reason = reason
  }
}

/** An option that cannot be: a time to live, a limit, a cursor, a setting of a factory. */
export class InvalidOptionError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'InvalidOptionError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('invalid-option', message, options)
  }
}

/** A patch or a read in a namespace that nobody created, where the store has `namespaces: 'explicit'`. */
export class NamespaceNotFoundError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'NamespaceNotFoundError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('namespace-not-found', message, options)
  }
}

/** An `update` that lost every race. */
export class ConflictError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'ConflictError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('conflict', message, options)
  }
}

/** A session that would pass a limit of length or of properties; nothing was written. */
export class TooLargeError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'TooLargeError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('too-large', message, options)
  }
}

/** A call on a store that has been closed. */
export class StoreClosedError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'StoreClosedError'
  /** Makes the error. */
  constructor(message = 'the store is closed: open another one', options?: ContextStoreErrorOptions) {
    super('closed', message, options)
  }
}

/** The engine does not answer, or cannot do its work: see `cause`, and `outcome` for a write. */
export class StoreUnavailableError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'StoreUnavailableError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('unavailable', message, options)
  }
}

/** The engine refuses the caller's credentials. */
export class UnauthorizedError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'UnauthorizedError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('unauthorized', message, options)
  }
}

/** What this kind of store cannot do; its README says so too. */
export class UnsupportedError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'UnsupportedError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('unsupported', message, options)
  }
}

/** Data that no store of this version wrote: damaged, foreign or newer. It has been left as it is. */
export class CorruptDataError extends ContextStoreError {
  /** The name of the class. */
  override readonly name = 'CorruptDataError'
  /** Makes the error. */
  constructor(message: string, options?: ContextStoreErrorOptions) {
    super('corrupt', message, options)
  }
}
