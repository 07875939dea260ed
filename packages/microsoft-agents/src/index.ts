export { type AgentsStorageOptions, agentsStorage } from './agents-storage.ts'
