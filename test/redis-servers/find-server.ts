import { accessSync, constants } from 'node:fs'
import { installedProgram } from '../installed-program.ts'

/** The server that the tests start: the environment variable REDIS_SERVER, or the installed `redis-server`. */
export async function findRedisServer(): Promise<string> {
  const named = process.env.REDIS_SERVER
  if (!named) return installedProgram('redis-server')
  accessSync(named, constants.X_OK)
  return named
}
