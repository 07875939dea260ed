export { maxBodyBytes } from './body.ts'
export { statusOfError } from './error-status.ts'
export { createHandler, type HandlerOptions } from './handler.ts'
export type { Profile } from './profiles.ts'
