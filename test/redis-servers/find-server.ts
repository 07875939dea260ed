import { accessSync, constants } from 'node:fs'
import { installedProgram } from '../installed-program.ts'

/** The server that the tests start: REDIS_SERVER, or `redis-server` as it is installed. */
export async function findRedisServer(): Promise<string> {
  const named = process.env.REDIS_SERVER
  if (!named) return installedProgram('redis-server')
  accessSync(named, constants.X_OK)
  return named
}
