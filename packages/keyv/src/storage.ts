export {
  type KeyvStorage,
  type KeyvStorageEntry,
  type KeyvStorageOptions,
  keyvStorage,
} from './keyv-storage.ts'
