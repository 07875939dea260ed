import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testContextStore } from '@context-store/conformance'
import KeyvRedis, { createClient } from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import Keyv from 'keyv'
import { afterAll, beforeAll, test } from 'vitest'
import { startRedis } from '../../../test/redis-servers/one-node.ts'
import type { RedisServer } from '../../../test/redis-servers/server-process.ts'
import { keyvStore } from '../src/index.ts'

let keyvs = 0

testContextStore({
  test,
  name: 'Keyv over its own Map',
  create: (options) => keyvStore(new Keyv(), options),
})

const folder = mkdtempSync(join(tmpdir(), 'context-store-keyv-'))
const sqlite = new KeyvSqlite({ uri: `sqlite://${join(folder, 'keyv.db')}` })
// Each Keyv adds a listener to it.
sqlite.setMaxListeners(0)
afterAll(async () => {
  await sqlite.disconnect()
  rmSync(folder, { recursive: true })
})

testContextStore({
  test,
  name: 'Keyv over @keyv/sqlite',
  runs: 10,
  create: (options) => keyvStore(new Keyv({ store: sqlite, namespace: `test${keyvs++}` }), options),
})

let server: RedisServer
let client: ReturnType<typeof createClient>
beforeAll(async () => {
  server = await startRedis()
  client = createClient({ url: server.url })
  // Each adapter adds a listener to it.
  client.setMaxListeners(0)
  await client.connect()
})
afterAll(async () => {
  await client.close()
  await server.stop()
})

testContextStore({
  test,
  name: 'Keyv over @keyv/redis',
  runs: 20,
  create: (options) =>
    keyvStore(new Keyv({ store: new KeyvRedis(client), namespace: `test${keyvs++}` }), options),
})
