export type { KeyvInstance, KeyvValue } from './keyv-instance.ts'
export { keyvStore } from './keyv-store.ts'
