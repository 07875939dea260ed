export { ExpressSessions, type ExpressSessionsOptions } from './express-sessions.ts'
