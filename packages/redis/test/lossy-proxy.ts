import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server, and loses what it is told to lose. */
export interface LossyProxy {
  readonly url: string
  /** From now on answers go nowhere; the next one to come cuts its connection, after the server has done the work. */
  loseNextAnswer(): void
  /** From now on the connections that exist carry nothing, and stay open; new ones work. */
  fallSilent(): void
  /** Resolves once an answer has been lost. */
  readonly lost: Promise<void>
  /** Ends it with its connections. */
  close(): Promise<void>
}

/** Starts a proxy on a free port before `port`. */
export async function startLossyProxy(port: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  const silent = new Set<Socket>()
  let isLosing = false
  let tellLost = (): void => {}
  const lost = new Promise<void>((resolve) => {
    tellLost = resolve
  })
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    for (const socket of [client, server]) {
      sockets.add(socket)
      // A cut connection is what this is for.
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (command) => silent.has(client) || server.write(command))
    server.on('data', (answer) => {
      if (silent.has(client)) return
      if (!isLosing) {
        client.write(answer)
        return
      }
      isLosing = false
      client.destroy()
      tellLost()
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    loseNextAnswer: () => {
      isLosing = true
    },
    fallSilent: () => {
      for (const socket of sockets) silent.add(socket)
    },
    lost,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
