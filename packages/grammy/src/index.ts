export { type GrammyStorageOptions, grammyStorage } from './grammy-storage.ts'
