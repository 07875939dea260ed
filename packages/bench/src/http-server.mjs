// Starts one of the servers: `http-server.mjs bare|ours|fastify|hono <port>`. Each has the same session, in a Map or a store.
import { createServer } from 'node:http'
import { memoryStore } from '@context-store/memory'
import { serve } from '@context-store/rest/node'
import { peer } from './peers.mjs'
import { sessionOf } from './workload.mjs'

const [, , kind, port] = process.argv
const path = '/v1/account/577089/orders/c1/properties'
const map = new Map([[path, sessionOf(1)]])

const kinds = {
  bare() {
    createServer((incoming, outgoing) => {
      const session = map.get(incoming.url)
      if (incoming.method === 'GET') {
        const body = JSON.stringify(session)
        outgoing
          .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
          .end(body)
        return
      }
      const chunks = []
      incoming.on('data', (chunk) => chunks.push(chunk))
      incoming.on('end', () => {
        Object.assign(session, JSON.parse(Buffer.concat(chunks)))
        outgoing.writeHead(204).end()
      })
    }).listen(Number(port), '127.0.0.1')
  },
  async ours() {
    const store = memoryStore()
    await store.session({ account: '577089', namespace: 'orders', session: 'c1' }).patch(sessionOf(1))
    await serve({ store, port: Number(port) })
  },
  async fastify() {
    const app = peer('fastify')()
    app.get('/v1/account/:account/:namespace/:session/properties', (request) => map.get(request.url))
    app.patch('/v1/account/:account/:namespace/:session/properties', (request, reply) => {
      Object.assign(map.get(request.url), request.body)
      return reply.code(204).send()
    })
    await app.listen({ port: Number(port), host: '127.0.0.1' })
  },
  hono() {
    const app = new (peer('hono').Hono)()
    app.get('/v1/account/:account/:namespace/:session/properties', (c) => c.json(map.get(c.req.path)))
    app.patch('/v1/account/:account/:namespace/:session/properties', async (c) => {
      Object.assign(map.get(c.req.path), await c.req.json())
      return c.body(null, 204)
    })
    peer('@hono/node-server').serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
  },
}
await kinds[kind]()
