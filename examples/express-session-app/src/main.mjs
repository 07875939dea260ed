// Overlapping requests of one browser: in one process with express-session's own store, and in two processes over one SQLite file.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'express-session-app-'))
const path = join(folder, 'web.db')

const alone = await start()
await show('express-session’s own MemoryStore, one process', alone, alone)
await show('ExpressSessions over one SQLite file, two processes', await start(path), await start(path))
rmSync(folder, { recursive: true })

async function show(title, one, other) {
  console.log(`${title}:`)
  const cookie = (await one.get('/login/ann')).headers.get('set-cookie').split(';')[0]
  await together([one, '/buy/tea'], [other, '/pay'], cookie)
  console.log(`  bought and paid at once: ${await (await one.get('/', cookie)).text()}`)
  await together([other, '/buy/milk'], [one, '/logout'], cookie)
  console.log(`  after the logout: ${await (await other.get('/', cookie)).text()}`)
  await Promise.all([...new Set([one, other])].map((shop) => shop.stop()))
}

/** Both requests have read the session before either ends; the second ends before the first. */
async function together([one, path], [other, otherPath], cookie) {
  const first = one.get(path, cookie)
  await one.heard('hasRead')
  const second = other.get(otherPath, cookie)
  await other.heard('hasRead')
  other.goOn(otherPath)
  await second
  one.goOn(path)
  await first
}

async function start(...args) {
  const child = fork(new URL('shop.mjs', import.meta.url), args)
  const heard = (what) =>
    new Promise((resolve) => {
      child.once('message', (message) => resolve(message[what]))
    })
  const port = await heard('port')
  return {
    heard,
    get: (url, cookie = '') => fetch(`http://127.0.0.1:${port}${url}`, { headers: { cookie } }),
    goOn: (url) => child.send({ goOn: url }),
    stop() {
      child.disconnect()
      return once(child, 'exit')
    },
  }
}
