export { type ChatSdkStateOptions, chatSdkState } from './chat-sdk-state.ts'
