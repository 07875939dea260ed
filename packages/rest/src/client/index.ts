export { type RestStore, type RestStoreOptions, restStore } from './rest-store.ts'
