import type { RedisServer } from '../../../test/redis-servers/server-process.ts'

let prefixes = 0

/** A prefix that no other store of these tests has, which is like a separate server. */
export function freshPrefix(): string {
  return `test-${process.pid}-${prefixes++}:`
}

/** All keys of a server that begin with `prefix`, in byte order. */
export async function keysOf(server: RedisServer, prefix: string): Promise<Buffer[]> {
  const found = new Map<string, Buffer>()
  let cursor = '0'
  do {
    const page = (await server.bytes('SCAN', cursor, 'COUNT', '1000')) as [Buffer, Buffer[]]
    cursor = page[0].toString()
    for (const key of page[1]) {
      if (key.subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix)))
        found.set(key.toString('latin1'), key)
    }
  } while (cursor !== '0')
  return [...found.values()].sort(Buffer.compare)
}

/** The keys without an expiry: a deleted namespace leaves tombstones for an hour. */
export async function lastingKeys(server: RedisServer, prefix: string): Promise<string[]> {
  const keys = await keysOf(server, prefix)
  const lives = await Promise.all(keys.map((key) => server.command('PTTL', key)))
  return keys.filter((_, index) => lives[index] === -1).map(String)
}
