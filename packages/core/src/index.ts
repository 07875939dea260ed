export { absent } from './absent.ts'
export type {
  Account,
  ContextStore,
  Expected,
  JsonValue,
  ListOptions,
  Namespace,
  NamespaceInfo,
  NamespaceOptions,
  Page,
  Patch,
  PatchIfResult,
  PatchOptions,
  Properties,
  Session,
  SessionAddress,
  SessionInfo,
} from './api.ts'
export { createStore, createStoreWithSync } from './create-store.ts'
export {
  ConflictError,
  ContextStoreError,
  type ContextStoreErrorOptions,
  CorruptDataError,
  type ErrorCode,
  InvalidAddressError,
  InvalidOptionError,
  InvalidValueError,
  NamespaceNotFoundError,
  StoreClosedError,
  StoreUnavailableError,
  TooLargeError,
  UnauthorizedError,
  UnsupportedError,
} from './errors.ts'
export { copyJson } from './json-copy.ts'
export { KeyedLocks } from './keyed-locks.ts'
export {
  compactLength,
  countProperties,
  emptyDocument,
  patchDocument,
  readDocument,
  readDocumentProperties,
  readDocumentProperty,
  withoutProperties,
} from './session-document.ts'
export {
  isExpired,
  type LifeEvent,
  namespaceInfoOf,
  nextLife,
  type SessionLife,
  sessionInfoOf,
} from './session-life.ts'
export {
  checkSize,
  conditionHolds,
  jsonEqual,
  namespaceNotFound,
  namingCorrupt,
  setOwn,
} from './session-rules.ts'
export type {
  AddressKey,
  Entries,
  PatchOutcome,
  PatchRequest,
  Slice,
  StorageAdapter,
  SyncStorageAdapter,
} from './storage-adapter.ts'
export { promised } from './storage-adapter.ts'
export { type Limits, type StoreOptions, type StoreRules, timeOf } from './store-options.ts'
export type { HasSync, SyncAccount, SyncContextStore, SyncNamespace, SyncSession } from './sync-api.ts'
