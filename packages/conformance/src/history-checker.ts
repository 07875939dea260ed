/** A call that a client made, and what came of it. Instants count calls and answers, in any unit that grows. */
export interface HistoryEntry<Call, Answer> {
  /** What was called. */
  readonly call: Call
  /** What was answered; `undefined` where `answeredAt` is. */
  readonly answer?: Answer | undefined
  /** When it was called. */
  readonly calledAt: number
  /** When it was answered; `undefined`: never, so that it may or may not have happened, at any time. */
  readonly answeredAt?: number | undefined
}

/** What a call does to a {@link SequentialModel}. */
export interface ModelStep<State, Answer> {
  /** What the state becomes. */
  readonly state: State
  /** What is answered. */
  readonly answer: Answer
}

/** What a thing does when it is called by one client at a time. */
export interface SequentialModel<State, Call, Answer> {
  /** What it begins with. */
  readonly initial: State
  /** What becomes of a state by a call, and what is answered. Changes no state: gives a new one. */
  step(state: State, call: Call): ModelStep<State, Answer>
  /** Whether the answer that was given is the one that the model expects. */
  accepts(given: Answer, expected: Answer): boolean
  /** A text that is the same for the same state, and different for another. */
  keyOf(state: State): string
}

/**
 * Whether there is an order of a history's calls in which each takes effect at one instant between its call
 * and its answer, and all answers are right.
 *
 * The search of Wing and Gong (1993), with Lowe's memory (2017) of what was tried: exponential in how many calls
 * overlap, quick for some dozens of calls by a few clients.
 */
export function isLinearizable<State, Call, Answer>(
  history: readonly HistoryEntry<Call, Answer>[],
  model: SequentialModel<State, Call, Answer>,
): boolean {
  const entries = [...history].sort((a, b) => a.calledAt - b.calledAt)
  const tried = new Set<string>()

  const search = (done: bigint, state: State): boolean => {
    const open = entries.map((entry, index) => ({ entry, index })).filter(({ index }) => !isDone(done, index))
    if (open.every(({ entry }) => entry.answeredAt === undefined)) return true
    const key = `${done}|${model.keyOf(state)}`
    if (tried.has(key)) return false
    tried.add(key)
    // What was called after another had been answered cannot take effect before it.
    const firstAnswer = Math.min(...open.map(({ entry }) => entry.answeredAt ?? Number.POSITIVE_INFINITY))
    for (const { entry, index } of open) {
      if (entry.calledAt > firstAnswer) break
      const next = model.step(state, entry.call)
      const isRight = entry.answeredAt === undefined || model.accepts(entry.answer as Answer, next.answer)
      if (isRight && search(done | (1n << BigInt(index)), next.state)) return true
    }
    return false
  }

  return search(0n, model.initial)
}

function isDone(done: bigint, index: number): boolean {
  return ((done >> BigInt(index)) & 1n) === 1n
}
