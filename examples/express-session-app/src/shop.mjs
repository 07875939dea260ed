// One process of the web shop.
import { ExpressSessions } from '@context-store/express-session'
import { sqliteStore } from '@context-store/sqlite'
import express from 'express'
import session from 'express-session'

const [path] = process.argv.slice(2)
const store = path === undefined ? undefined : sqliteStore({ path })

const app = express()
app.use(
  session({
    // Without a store: express-session's own MemoryStore, in this process's memory.
    ...(store && { store: new ExpressSessions(store.account('shop').namespace('web')) }),
    secret: 'only for this example',
    resave: false,
    saveUninitialized: false,
  }),
)
app.get('/login/:name', (req, res) => {
  req.session.name = req.params.name
  res.end()
})
app.get('/buy/:item', async (req, res) => {
  req.session.basket = [...(req.session.basket ?? []), req.params.item]
  await untilToldToGoOn(req)
  res.end()
})
app.get('/pay', async (req, res) => {
  req.session.step = 'pay'
  await untilToldToGoOn(req)
  res.end()
})
app.get('/logout', async (req, res) => {
  await new Promise((resolve) => req.session.destroy(resolve))
  await untilToldToGoOn(req)
  res.end()
})
app.get('/', (req, res) => {
  const { name, basket, step } = req.session
  res.json({ name, basket, step })
})

/** Makes sure that two requests overlap: this one has read its session, and waits until the parent tells it to continue. */
function untilToldToGoOn(req) {
  process.send({ hasRead: true })
  return new Promise((resolve) => {
    process.on('message', ({ goOn }) => goOn === req.path && resolve())
  })
}

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.once('disconnect', () => {
  server.close()
  store?.close()
})
