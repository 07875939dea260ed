export { type TelegrafStoreOptions, telegrafStore } from './telegraf-store.ts'
