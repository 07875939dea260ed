import type { ContextStore } from '@context-store/core'
import { ExpressSessions } from '@context-store/express-session'
import type { RequestHandler } from 'express'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'
import { type Browser, webApp } from './web-app.ts'

const sessionsOf = (store: ContextStore) => new ExpressSessions(store.account('shop').namespace('web'))

/** Blocks requests until that many of them are waiting. */
function meeting(size: number): () => Promise<void> {
  const waiting: (() => void)[] = []
  return async () => {
    if (waiting.length === size - 1) for (const goOn of waiting) goOn()
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
}

const login: RequestHandler = (req, res) => {
  req.session.user = 'ann'
  req.session.basket = []
  res.json(req.session)
}
const look: RequestHandler = (req, res) => {
  const { user, basket, step } = req.session
  res.json({ user, basket, step })
}

afterEach(() => {
  vi.useRealTimers()
})

onEachStore((open) => {
  test('the next request continues the session, also in another process', async () => {
    const [one, other] = [open({ place: 'web' }), open({ place: 'web' })]
    const browser: Browser = { cookie: undefined }
    await (await webApp(sessionsOf(one), { '/login': login }))(browser, '/login')
    const { body } = await (await webApp(sessionsOf(other), { '/': look }))(browser, '/')
    expect(body).toEqual({ user: 'ann', basket: [] })
  })

  test('requests that overlap are merged, in one process and in two', async () => {
    const stores = [open({ place: 'overlap' }), open({ place: 'overlap' })] as const
    const together = meeting(3)
    const routes: { [path: string]: RequestHandler } = {
      '/login': login,
      '/': look,
      '/buy': async (req, res) => {
        req.session.basket?.push('tea')
        await together()
        res.end()
      },
      '/pay': async (req, res) => {
        req.session.step = 'pay'
        await together()
        res.end()
      },
      '/rename': async (req, res) => {
        req.session.user = 'bob'
        await together()
        res.end()
      },
    }
    const one = await webApp(sessionsOf(stores[0]), routes)
    const other = await webApp(sessionsOf(stores[1]), routes)
    const browser: Browser = { cookie: undefined }
    await one(browser, '/login')
    await Promise.all([one(browser, '/buy'), one(browser, '/pay'), other(browser, '/rename')])
    expect((await other(browser, '/')).body).toEqual({ user: 'bob', basket: ['tea'], step: 'pay' })
  })

  test.each([false, true])(
    'a session that was logged out during a request stays logged out (resave: %s)',
    async (resave) => {
      const store = open()
      const together = meeting(2)
      const app = await webApp(
        sessionsOf(store),
        {
          '/login': login,
          '/': look,
          '/buy': async (req, res) => {
            req.session.basket?.push('tea')
            await together()
            req.session.save(() => res.end())
          },
          '/logout': (req, res) => {
            req.session.destroy(() => void together().then(() => res.end()))
          },
        },
        { resave, rolling: true },
      )
      const browser: Browser = { cookie: undefined }
      await app(browser, '/login')
      await Promise.all([app(browser, '/buy'), app({ ...browser }, '/logout')])
      expect((await app(browser, '/')).body).toEqual({})
      expect(await sessionsOf(store).length()).toBe(0)
    },
  )

  test('`save`, `reload` and `regenerate` in a request work on the stored session', async () => {
    const store = open()
    const app = await webApp(sessionsOf(store), {
      '/login': login,
      '/': look,
      '/save': (req, res) => {
        req.session.step = 'saved'
        req.session.save(() => {
          req.session.step = 'not saved'
          req.session.reload(() => res.json({ step: req.session.step }))
        })
      },
      '/regenerate': (req, res) => {
        req.session.regenerate(() => {
          req.session.user = 'new'
          res.end()
        })
      },
    })
    const browser: Browser = { cookie: undefined }
    await app(browser, '/login')
    expect((await app(browser, '/save')).body).toEqual({ step: 'saved' })
    const old = { ...browser }
    await app(browser, '/regenerate')
    expect((await app(browser, '/')).body).toEqual({ user: 'new' })
    expect((await app(old, '/')).body).toEqual({})
    expect(await sessionsOf(store).length()).toBe(1)
  })

  test.each([false, true])('every request restarts the time to live (rolling: %s)', async (rolling) => {
    const start = Date.UTC(2026, 0)
    vi.useFakeTimers({ toFake: ['Date'], now: start })
    const store = open({ now: () => Date.now() })
    const options = { rolling, cookie: { maxAge: 60_000 } }
    const app = await webApp(sessionsOf(store), { '/login': login, '/': look }, options)
    const browser: Browser = { cookie: undefined }
    await app(browser, '/login')
    for (const second of [40, 80, 120]) {
      vi.setSystemTime(start + second * 1000)
      expect(await app(browser, '/')).toMatchObject({ body: { user: 'ann' }, setsCookie: rolling })
    }
    vi.setSystemTime(start + 181_000)
    expect((await app(browser, '/')).body).toEqual({})
    expect(await sessionsOf(store).length()).toBe(0)
  })

  test("with unset: 'destroy', a session that a request unsets is destroyed", async () => {
    const store = open()
    const unset: RequestHandler = (req, res) => {
      Object.assign(req, { session: null })
      res.end()
    }
    const app = await webApp(sessionsOf(store), { '/login': login, '/unset': unset }, { unset: 'destroy' })
    const browser: Browser = { cookie: undefined }
    await app(browser, '/login')
    await app(browser, '/unset')
    expect(await sessionsOf(store).length()).toBe(0)
  })

  test('a session is stored once it is used, or always with saveUninitialized', async () => {
    const store = open()
    const lazy = await webApp(sessionsOf(store), { '/': look })
    expect(await lazy({ cookie: undefined }, '/')).toMatchObject({ status: 200, setsCookie: false })
    expect(await sessionsOf(store).length()).toBe(0)
    const eager = await webApp(sessionsOf(store), { '/': look }, { saveUninitialized: true })
    expect(await eager({ cookie: undefined }, '/')).toMatchObject({ status: 200, setsCookie: true })
    expect(await sessionsOf(store).length()).toBe(1)
  })
})

test('an error of the store fails the request', async () => {
  const { memoryStore } = await import('@context-store/memory')
  const store = memoryStore()
  const app = await webApp(sessionsOf(store), { '/login': login, '/': look })
  const browser: Browser = { cookie: undefined }
  await app(browser, '/login')
  await store.close()
  expect((await app(browser, '/')).status).toBe(500)
})

// express-session passes `undefined` to the store if `req.session.destroy()` is called without a callback.
test('a failed `destroy` without a callback is not an unhandled rejection, but rejects if it is awaited', async () => {
  const { memoryStore } = await import('@context-store/memory')
  const store = memoryStore()
  const sessions = sessionsOf(store)
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  onTestFinished(() => void process.off('unhandledRejection', unhandled))
  const app = await webApp(sessions, {
    '/login': login,
    '/logout': async (req, res) => {
      await store.close()
      Reflect.apply(req.session.destroy, req.session, [])
      setImmediate(() => res.end())
    },
  })
  const browser: Browser = { cookie: undefined }
  await app(browser, '/login')
  expect((await app(browser, '/logout')).status).toBe(200)
  expect(unhandled).not.toHaveBeenCalled()
  await expect(sessions.destroy('a')).rejects.toMatchObject({ code: 'closed' })
})
