export { type BotContext, type BotScope, botContext } from './bot-context.ts'
