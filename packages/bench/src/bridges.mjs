// A turn of each runtime (read, change, write) through its bridge, compared with the runtime's own stores of the same kind.
import { join } from 'node:path'
import { memoryStore } from '@context-store/memory'
import { redisStore } from '@context-store/redis'
import { sqliteStore } from '@context-store/sqlite'
import { createClient } from '@keyv/redis'
import Database from 'better-sqlite3'
import { chatSdk, expressSession, grammY, langGraph, microsoftAgents, telegraf } from './bridge-turns.mjs'
import { compare } from './measure.mjs'
import { freePort, start, stop } from './processes.mjs'
import { temporaryFolder } from './temporary.mjs'

const runtimes = [langGraph, microsoftAgents, expressSession, grammY, telegraf, chatSdk]

export async function bridges({ pace, progress }) {
  const folder = temporaryFolder()
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const server = start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''])
  for await (const text of server.stdout) if (String(text).includes('Ready to accept')) break
  server.stdout.resume()
  const client = createClient({ url })
  await client.connect()
  let files = 0
  const path = () => join(folder, `bridges-${files++}.db`)
  // The runtimes' SQLite stores leave syncing to better-sqlite3, which in WAL mode syncs at checkpoints, as `relaxed` does.
  const kinds = {
    memory: { store: () => memoryStore(), engine: () => undefined },
    SQLite: {
      store: () => sqliteStore({ path: path(), durability: 'relaxed' }),
      engine: () => {
        const database = new Database(path())
        database.pragma('journal_mode = WAL')
        return database
      },
    },
    Redis: { store: () => redisStore({ url, keyPrefix: 'ours:' }), engine: () => ({ client, url }) },
  }
  const rows = []
  const stores = []
  try {
    for (const { name, ours, own } of runtimes) {
      for (const [kind, { store, engine }] of Object.entries(kinds)) {
        const opened = store()
        stores.push(opened)
        const candidates = [
          { name: `bridge over ${kind}`, role: 'ours', call: await ours(opened.account(name), pace) },
        ]
        if (own[kind] !== undefined) {
          const { store: itsName, turn } = await own[kind](engine(), pace)
          candidates.push({ name: itsName, role: 'peer', call: turn })
        }
        const operation = `a turn of ${name}, ${kind}`
        rows.push(...(await compare({ backend: 'bridges', operation, candidates, pace, progress })))
      }
    }
  } finally {
    await Promise.all(stores.map((store) => store.close()))
    await client.close()
    await stop(server)
  }
  return rows
}
