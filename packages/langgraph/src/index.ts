export { type CachedValue, ContextStoreCache } from './context-store-cache.ts'
export { ContextStoreMemories } from './context-store-memories.ts'
export { ContextStoreSaver, type ContextStoreSaverOptions } from './context-store-saver.ts'
