export { batch, type StoreWrite } from './calls/batch.ts'
export { createStore, createStoreWithSync } from './calls/create-store.ts'
export { type EngineOfStore, engineOf } from './calls/engine-of.ts'
export { GroupCommit } from './calls/group-commit.ts'
export { KeyedLocks } from './calls/keyed-locks.ts'
export { ownCall } from './calls/own-call.ts'
export { ownListing } from './calls/own-listing.ts'
export {
  decideClear,
  decideDelete,
  decidePatch,
  type StoredSession,
  type WriteDecision,
} from './document/decide-write.ts'
export { listedProperties } from './document/listed-properties.ts'
export {
  compactLength,
  countProperties,
  emptyDocument,
  patchDocument,
  readDocument,
  readDocumentProperties,
  readDocumentProperty,
  withoutProperties,
} from './document/session-document.ts'
export {
  type BatchApplied,
  type BatchRefused,
  type BatchResult,
  makeInOrder,
} from './operations/batch-operation.ts'
export type { Engine, Scope } from './operations/operation.ts'
export type { BatchOutcome, BatchWrite, RefusedWrite } from './port/batch.ts'
export { type Cannot, type Capability, capabilities } from './port/capability.ts'
export type { CheckedAddress } from './port/checked-address.ts'
export type { Changes, Condition, PatchRequest, WriteOutcome } from './port/patch-request.ts'
export type {
  AdapterTraits,
  ListedSession,
  ListRequest,
  SessionListRequest,
  Slice,
  StorageAdapter,
  Synchronous,
  SyncStorageAdapter,
} from './port/storage-adapter.ts'
export { type StoreTraits, traitsOf } from './port/traits.ts'
export type {
  CallKind,
  GroupedCall,
  GroupedStore,
  GroupedWrites,
  Transactions,
} from './port/transactions.ts'
export type { NameRules } from './rules/check-address.ts'
export { checkPatch } from './rules/check-patch.ts'
export { conditionHolds, jsonEqual } from './rules/condition.ts'
export { copyJson } from './rules/json-copy.ts'
export { checkSize, listedLength, namespaceNotFound } from './rules/limits.ts'
export { checkedOptions } from './rules/options.ts'
export { setOwn } from './rules/own-property.ts'
export {
  isExpired,
  type LifeEvent,
  namespaceInfoOf,
  nextLife,
  type SessionLife,
  sessionInfoOf,
} from './rules/session-life.ts'
export { type StoreRules, storeOptionNames } from './rules/store-rules.ts'
