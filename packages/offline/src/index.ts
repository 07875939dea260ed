export type { Conflict, OfflineEvent, OfflineStatus, PendingWrites, RejectedWrite } from './offline-events.ts'
export { type OfflineOptions, type OfflineStore, offlineStore } from './offline-store.ts'
