import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy between a client and a server that loses data on demand. */
export interface LossyProxy {
  readonly url: string
  /** From now on no answer is forwarded; the next one closes its connection, after the server has done the work. */
  loseNextAnswer(): void
  /** From now on the existing connections forward nothing, but stay open; new ones work. */
  fallSilent(): void
  /** Resolves once an answer has been lost. */
  readonly lost: Promise<void>
  /** Stops the proxy and closes its connections. */
  close(): Promise<void>
}

/** Starts a proxy for `port` on a free port. */
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
      // Closed connections are expected.
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
