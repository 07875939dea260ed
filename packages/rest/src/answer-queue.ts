import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'

// Saved now, since a test's fake timers replace the global function, and no answer would be sent.
const atEndOfTick = setImmediate

/** How an answer is sent; {@link sendAnswer} is the usual way. */
export type Send = (answer: Answer, outgoing: ServerResponse) => void

/**
 * Sends the answers of one tick of the event loop together, at the end of the tick. A waiting client is then woken once
 * for all of its answers. Waking it for each would cost the server more than making the answers.
 */
export class AnswerQueue {
  readonly #send: Send
  #waiting: { readonly answer: Answer; readonly outgoing: ServerResponse }[] = []

  constructor(send: Send) {
    this.#send = send
  }

  /** Sends an answer at the end of the tick. */
  send(answer: Answer, outgoing: ServerResponse): void {
    if (this.#waiting.length === 0) atEndOfTick(this.#flush)
    this.#waiting.push({ answer, outgoing })
  }

  #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { answer, outgoing } of waiting) this.#send(answer, outgoing)
  }
}

/** Sends an answer, unless the connection has ended or the request was already refused while it arrived. */
export function sendAnswer({ status, body, headers }: Answer, outgoing: ServerResponse): void {
  if (outgoing.destroyed || outgoing.headersSent) return
  if (body === undefined) outgoing.writeHead(status, headers).end()
  else outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
