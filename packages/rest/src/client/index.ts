export { type RestStore, restStore } from './rest-store.ts'
export type { RestStoreOptions } from './rest-store-options.ts'
