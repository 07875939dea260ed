import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ExpressSessions } from '@context-store/express-session'
import express, { type RequestHandler } from 'express'
import session from 'express-session'
import { onTestFinished } from 'vitest'

declare module 'express-session' {
  interface SessionData {
    user?: string
    basket?: string[]
    step?: string
  }
}

/** The requests of one browser: they send the last cookie that it received. */
export interface Browser {
  cookie: string | undefined
}

/** Starts an app on its own port. `send` returns the status and the body, and keeps the cookie. */
export async function webApp(
  store: ExpressSessions,
  routes: { readonly [path: string]: RequestHandler },
  options: Partial<session.SessionOptions> = {},
): Promise<
  (browser: Browser, path: string) => Promise<{ status: number; body: unknown; setsCookie: boolean }>
> {
  const app = express()
  app.use(session({ store, secret: 'secret', resave: false, saveUninitialized: false, ...options }))
  for (const [path, handler] of Object.entries(routes)) app.get(path, handler)
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return async (browser, path) => {
    const headers = browser.cookie === undefined ? undefined : { cookie: browser.cookie }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...(headers && { headers }) })
    const [cookie] = response.headers.getSetCookie()
    if (cookie !== undefined) browser.cookie = cookie.split(';')[0]
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    return {
      status: response.status,
      body: isJson ? JSON.parse(text) : text,
      setsCookie: cookie !== undefined,
    }
  }
}
