export { type Callback, ExpressSessions, type ExpressSessionsOptions } from './express-sessions.ts'
