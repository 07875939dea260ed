/** Host functions that may exist; declared here, since the kit does not run only on Node. */
interface Scheduler {
  /** Node's; not a timer, since timers may be faked. */
  readonly setImmediate?: (callback: () => void) => unknown
  readonly MessageChannel?: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void }
    readonly port2: { postMessage(message: unknown): void }
  }
}

const { setImmediate, MessageChannel } = globalThis as unknown as Scheduler

/** Resolves at the next tick of the event loop. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate !== undefined) return setImmediate(resolve)
    if (MessageChannel === undefined) return resolve()
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    return port2.postMessage(undefined)
  })
}
