// One of several processes that share a state. It reports that it is ready, runs the tasks it is sent, and sends back the results.
import { chatSdkState } from '@context-store/chat-sdk'
import { redisStore } from '@context-store/redis'
import { sqliteStore } from '@context-store/sqlite'

const { path, url, keyPrefix } = JSON.parse(process.argv[2] ?? '{}')
const store =
  path === undefined ? redisStore({ url, keyPrefix }) : sqliteStore({ path, durability: 'relaxed' })
const state = chatSdkState(store.account('bot'))
const expiresAt = Date.now() + 1e9

const tasks = {
  async contend({ times, ttlMs }) {
    const locks = await Promise.all(Array.from({ length: times }, () => state.acquireLock('thread', ttlMs)))
    return locks.filter((lock) => lock !== null)
  },
  async append({ by, times, maxLength }) {
    for (let n = 0; n < times; n++) await state.appendToList('list', { by, n }, { maxLength })
  },
  async enqueue({ by, times }) {
    for (let n = 0; n < times; n++) {
      await state.enqueue('thread', { message: { id: `${by}-${n}` }, enqueuedAt: 0, expiresAt }, 1000)
    }
  },
  async dequeue() {
    const ids = []
    for (let entry = await state.dequeue('thread'); entry !== null; entry = await state.dequeue('thread')) {
      ids.push(entry.message.id)
    }
    return ids
  },
}

process.on('message', async ({ task, ...given }) => {
  process.send({ result: (await tasks[task](given)) ?? null })
})
process.once('disconnect', () => store.close())
await state.connect()
process.send({ ready: true })
