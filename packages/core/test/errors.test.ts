import * as core from '@context-store/core'
import { expect, test } from 'vitest'

const classes = {
  'invalid-address': core.InvalidAddressError,
  'invalid-value': class InvalidValueError extends core.InvalidValueError {
    constructor(path: string) {
      super(path, 'cannot be')
    }
  },
  'invalid-option': core.InvalidOptionError,
  'namespace-not-found': core.NamespaceNotFoundError,
  conflict: core.ConflictError,
  'too-large': core.TooLargeError,
  closed: core.StoreClosedError,
  unavailable: core.StoreUnavailableError,
  unauthorized: core.UnauthorizedError,
  unsupported: core.UnsupportedError,
  corrupt: core.CorruptDataError,
} satisfies { [C in core.ErrorCode]: new (text: string) => core.ContextStoreError }

test('each code has one class', () => {
  const names = new Set<string>()
  for (const [code, Class] of Object.entries(classes)) {
    const error = new Class('a')
    expect(error.code).toBe(code)
    expect(error.name).toBe(Class.name)
    expect(error).toBeInstanceOf(core.ContextStoreError)
    expect(core.ContextStoreError.is(error)).toBe(true)
    expect(core.ContextStoreError.is(error, code as core.ErrorCode)).toBe(true)
    expect(core.ContextStoreError.is(error, code === 'corrupt' ? 'closed' : 'corrupt')).toBe(false)
    names.add(error.name)
  }
  const exported = Object.keys(core).filter((name) => name.endsWith('Error') && name !== 'ContextStoreError')
  expect(names).toEqual(new Set(exported))
})

test('`ContextStoreError.is` recognizes the brand of another copy of core, and nothing else', () => {
  const foreign = Object.assign(new Error('x'), {
    [Symbol.for('@context-store/error')]: true,
    code: 'closed',
  })
  expect(core.ContextStoreError.is(foreign, 'closed')).toBe(true)
  for (const other of [undefined, null, 'closed', new Error('closed'), { code: 'closed' }]) {
    expect(core.ContextStoreError.is(other)).toBe(false)
  }
})

test('an error keeps its cause, its address and its outcome', () => {
  const cause = new Error('engine')
  const address = { account: 'a' }
  const error = new core.StoreUnavailableError('no answer', { cause, address, outcome: 'unknown' })
  expect(error).toMatchObject({ cause, address, outcome: 'unknown', message: 'no answer' })
  expect(new core.ConflictError('x')).toMatchObject({ address: undefined, outcome: 'not-applied' })
  expect('cause' in new core.ConflictError('x')).toBe(false)
})
