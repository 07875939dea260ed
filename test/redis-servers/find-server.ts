import { installedProgram } from '../installed-program.ts'

/** Where `redis-server` is. */
export function findRedisServer(): Promise<string> {
  return installedProgram('redis-server')
}
