export { absent } from './api/absent.ts'
export type {
  Account,
  ContextStore,
  Expected,
  JsonValue,
  ListOptions,
  ListPropertiesOptions,
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
  SessionInfoWithProperties,
} from './api/context-store.ts'
export {
  ConflictError,
  ContextStoreError,
  type ContextStoreErrorOptions,
  CorruptDataError,
  type ErrorCode,
  type ErrorOfCode,
  InvalidAddressError,
  InvalidOptionError,
  InvalidValueError,
  NamespaceNotFoundError,
  StoreClosedError,
  StoreUnavailableError,
  TooLargeError,
  UnauthorizedError,
  UnsupportedError,
} from './api/errors.ts'
export { present } from './api/present.ts'
export type { Limits, StoreOptions } from './api/store-options.ts'
export type {
  HasSync,
  SyncAccount,
  SyncContextStore,
  SyncNamespace,
  SyncSession,
} from './api/sync-context-store.ts'
