import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'

// Taken now: a test's fake timers replace the global one, and nothing would leave.
const atEndOfTurn = setImmediate

/** How an answer is sent; {@link sendAnswer} is the usual way. */
export type Send = (answer: Answer, outgoing: ServerResponse) => void

/**
 * Answers on their way out: those of one turn of the event loop leave together, when what has arrived in it has
 * been read. A client that waits is woken once for all of its answers, and not for each, which costs a server
 * more than making them.
 */
export class AnswerQueue {
  readonly #send: Send
  #waiting: { readonly answer: Answer; readonly outgoing: ServerResponse }[] = []

  constructor(send: Send) {
    this.#send = send
  }

  /** Sends an answer, at the end of the turn. */
  send(answer: Answer, outgoing: ServerResponse): void {
    if (this.#waiting.length === 0) atEndOfTurn(this.#flush)
    this.#waiting.push({ answer, outgoing })
  }

  #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { answer, outgoing } of waiting) this.#send(answer, outgoing)
  }
}

/** Sends an answer, if there is somebody to send it to and the request was not refused while it arrived. */
export function sendAnswer({ status, body, headers }: Answer, outgoing: ServerResponse): void {
  if (outgoing.destroyed || outgoing.headersSent) return
  if (body === undefined) outgoing.writeHead(status, headers).end()
  else outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
