import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'

/**
 * Answers on their way out: those of one turn of the event loop leave together, when what has arrived in it has
 * been read. A client that waits is woken once for all of its answers, and not for each, which costs a server
 * more than making them.
 */
export class AnswerQueue {
  #waiting: { readonly answer: Answer; readonly outgoing: ServerResponse }[] = []

  /** Sends an answer, at the end of the turn. */
  send(answer: Answer, outgoing: ServerResponse): void {
    if (this.#waiting.length === 0) setImmediate(this.#flush)
    this.#waiting.push({ answer, outgoing })
  }

  #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { answer, outgoing } of waiting) write(answer, outgoing)
  }
}

function write({ status, body, headers }: Answer, outgoing: ServerResponse): void {
  if (outgoing.destroyed) return
  if (body === undefined) outgoing.writeHead(status, headers).end()
  else outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}
