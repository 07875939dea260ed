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
  /**
   * Which store made the call. The calls of one store take effect in the order in which the history has them;
   * `undefined`: in any order that their instants allow.
   */
  readonly store?: string | undefined
  /** When an unanswered call's caller was told so: what its store is called for later may take effect before it. */
  readonly givenUpAt?: number | undefined
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

/** A model of which a call may have several results, such as a session that may have expired by then. */
export interface LooseModel<State, Call, Answer> extends Omit<SequentialModel<State, Call, Answer>, 'step'> {
  /** What may become of a state by a call; the first is preferred where several say the same. */
  steps(state: State, entry: HistoryEntry<Call, Answer>): readonly ModelStep<State, Answer>[]
  /** Whether a call with this answer changes nothing, whatever it meets; it may then have met the state at any time. */
  changesNothing(entry: HistoryEntry<Call, Answer>): boolean
}

/** The first answer of a history that no order of its calls explains. */
export interface Contradiction<State, Call, Answer> {
  /** The call with that answer. */
  readonly entry: HistoryEntry<Call, Answer>
  /** What the state can have been at an instant before. */
  readonly statesAt: (instant: number) => readonly State[]
  /** What the state can have been when that call took effect, or as near to that as the history can come. */
  readonly states: readonly State[]
}

/** What can have happened by an instant: which of the calls under way have taken effect, and the state. */
interface Possibility<State> {
  /** A bit for each call under way, set if it has taken effect, or cannot do so any more. */
  readonly done: bigint
  readonly state: State
}

interface Pending<Call, Answer> {
  readonly entry: HistoryEntry<Call, Answer>
  readonly bit: bigint
  readonly changesNothing: boolean
  /** The calls of the same store that must have taken effect before. */
  after: bigint
  /** Those without an answer, which can take effect no more once this one has. */
  ends: bigint
}

interface Event<Call, Answer> {
  readonly at: number
  readonly entry: HistoryEntry<Call, Answer>
  readonly isAnswer: boolean
}

/** Of more possibilities at a time, a history is too concurrent to be decided. */
const mostPossibilities = 200_000

/**
 * Whether there is an order of a history's calls in which each takes effect at one instant between its call
 * and its answer, and all answers are right.
 *
 * Quick for thousands of calls of which few overlap; exponential in how many do.
 */
export function isLinearizable<State, Call, Answer>(
  history: readonly HistoryEntry<Call, Answer>[],
  model: SequentialModel<State, Call, Answer>,
): boolean {
  const loose: LooseModel<State, Call, Answer> = {
    initial: model.initial,
    steps: (state, { call }) => [model.step(state, call)],
    changesNothing: () => false,
    accepts: (given, expected) => model.accepts(given, expected),
    keyOf: (state) => model.keyOf(state),
  }
  return contradictionIn(history, loose) === undefined
}

/**
 * The first answer that no order explains; `undefined`: there is an order in which each call takes effect at one
 * instant between its call and its answer, those of one store as they were made, and all answers are right.
 *
 * Wing and Gong's search (1993), with Lowe's memory (2017) of what was tried, from event to event: at each it knows all
 * that can have happened by then, and at an answer drops what does not explain it. So its work grows with
 * the length of the history, and exponentially only with how many calls overlap.
 *
 * @throws Error if too many calls overlap for a decision
 */
export function contradictionIn<State, Call, Answer>(
  history: readonly HistoryEntry<Call, Answer>[],
  model: LooseModel<State, Call, Answer>,
): Contradiction<State, Call, Answer> | undefined {
  const search = new Search(model)
  const seen: { readonly at: number; readonly states: () => readonly State[] }[] = []
  for (const { at, entry, isAnswer } of eventsOf(history)) {
    seen.push({ at, states: search.snapshot() })
    if (!isAnswer) search.call(entry)
    else if (!search.answer(entry)) {
      const states = search.snapshot()
      const statesAt = (instant: number): readonly State[] =>
        (seen.find((event) => event.at >= instant)?.states ?? states)()
      return { entry, states: states(), statesAt }
    }
  }
  return undefined
}

/** The calls and answers in the order in which they happened; a call at the instant of an answer overlaps it. */
function eventsOf<Call, Answer>(
  history: readonly HistoryEntry<Call, Answer>[],
): readonly Event<Call, Answer>[] {
  const events = history.flatMap((entry): Event<Call, Answer>[] => {
    const called = { at: entry.calledAt, entry, isAnswer: false }
    if (entry.answeredAt === undefined) return [called]
    return [called, { at: entry.answeredAt, entry, isAnswer: true }]
  })
  return events.sort((a, b) => a.at - b.at || Number(a.isAnswer) - Number(b.isAnswer))
}

/** What can have happened so far. */
class Search<State, Call, Answer> {
  readonly #model: LooseModel<State, Call, Answer>
  readonly #pending: Pending<Call, Answer>[] = []
  #possibilities: readonly Possibility<State>[]

  constructor(model: LooseModel<State, Call, Answer>) {
    this.#model = model
    this.#possibilities = [{ done: 0n, state: model.initial }]
  }

  /** Gives what the state can be now, when it is asked. */
  snapshot(): () => readonly State[] {
    const possibilities = this.#possibilities
    return () => [...new Map(possibilities.map(({ state }) => [this.#model.keyOf(state), state])).values()]
  }

  /** A call begins. */
  call(entry: HistoryEntry<Call, Answer>): void {
    const ofStore = this.#pending.filter(
      (earlier) => entry.store !== undefined && earlier.entry.store === entry.store,
    )
    const isOver = (earlier: Pending<Call, Answer>): boolean =>
      (earlier.entry.givenUpAt ?? Number.POSITIVE_INFINITY) <= entry.calledAt
    this.#pending.push({
      entry,
      bit: this.#freeBit(),
      changesNothing: isAnswered(entry) && this.#model.changesNothing(entry),
      after: bitsOf(ofStore.filter((earlier) => isAnswered(earlier.entry))),
      ends: bitsOf(ofStore.filter((earlier) => !isAnswered(earlier.entry) && !isOver(earlier))),
    })
  }

  /** A call is answered; whether that can be. If not, the states are what they can have been at its effect. */
  answer(entry: HistoryEntry<Call, Answer>): boolean {
    const pending = this.#pending.find((call) => call.entry === entry) as Pending<Call, Answer>
    const { explaining, others } = this.#explaining(pending.bit)
    if (explaining.length === 0) {
      const next = others.filter(({ done }) => isNext(pending, done))
      // Where it can take effect in none, an earlier call of its store cannot.
      this.#possibilities = next.length > 0 ? next : others
      return false
    }
    this.#possibilities = explaining
    this.#forget(pending)
    this.#possibilities = this.#withoutSurplus(this.#possibilities)
    for (const call of [...this.#pending]) {
      const isOver = this.#possibilities.every(({ done }) => (done & call.bit) !== 0n)
      if (isOver && !isAnswered(call.entry)) this.#forget(call)
    }
    return true
  }

  /** What can have happened once the call of that bit has taken effect, and what before. */
  #explaining(bit: bigint): {
    readonly explaining: readonly Possibility<State>[]
    readonly others: readonly Possibility<State>[]
  } {
    const explaining: Possibility<State>[] = []
    const others: Possibility<State>[] = []
    const tried = new Set<string>()
    const left = [...this.#possibilities]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const possibility = this.#withReads(next)
      const key = `${possibility.done.toString(36)} ${this.#model.keyOf(possibility.state)}`
      if (tried.has(key)) continue
      tried.add(key)
      if (tried.size > mostPossibilities) {
        throw new Error(`too many calls overlap: more than ${mostPossibilities} possibilities`)
      }
      if ((possibility.done & bit) !== 0n) explaining.push(possibility)
      else {
        others.push(possibility)
        left.push(...this.#after(possibility))
      }
    }
    return { explaining, others }
  }

  /** With every call that can take effect now and changes nothing in any case: to wait with it would explain no more. */
  #withReads({ done, state }: Possibility<State>): Possibility<State> {
    let reached = done
    for (const pending of this.#pending) {
      const { entry } = pending
      if (!pending.changesNothing || !isNext(pending, reached) || (pending.ends & ~reached) !== 0n) continue
      if (this.#steps(state, entry).some((next) => next.state === state)) reached |= pending.bit
    }
    return { done: reached, state }
  }

  /** What can happen next. */
  #after({ done, state }: Possibility<State>): Possibility<State>[] {
    return this.#pending.flatMap((pending) => {
      if (!isNext(pending, done)) return []
      return this.#steps(state, pending.entry)
        .filter((next) => next.state !== state || isAnswered(pending.entry))
        .map((next) => ({ done: done | pending.bit | pending.ends, state: next.state }))
    })
  }

  #steps(state: State, entry: HistoryEntry<Call, Answer>): readonly ModelStep<State, Answer>[] {
    const steps = this.#model.steps(state, entry)
    if (!isAnswered(entry)) return steps
    return steps.filter(({ answer }) => this.#model.accepts(entry.answer as Answer, answer))
  }

  /** Without those that used more of the calls without an answer than another, and came to the same. */
  #withoutSurplus(possibilities: readonly Possibility<State>[]): readonly Possibility<State>[] {
    const open = bitsOf(this.#pending.filter(({ entry }) => !isAnswered(entry)))
    const least = new Map<string, Possibility<State>[]>()
    for (const possibility of possibilities) {
      const key = `${(possibility.done & ~open).toString(36)} ${this.#model.keyOf(possibility.state)}`
      const same = least.get(key) ?? []
      if (same.some(({ done }) => (done & possibility.done) === done)) continue
      least.set(key, [
        ...same.filter(({ done }) => (done & possibility.done) !== possibility.done),
        possibility,
      ])
    }
    return [...least.values()].flat()
  }

  /** Forgets a call that has taken effect in every possibility, or cannot take effect any more. */
  #forget(call: Pending<Call, Answer>): void {
    this.#pending.splice(this.#pending.indexOf(call), 1)
    for (const other of this.#pending) {
      other.after &= ~call.bit
      other.ends &= ~call.bit
    }
    this.#possibilities = this.#possibilities.map(({ done, state }) => ({ done: done & ~call.bit, state }))
  }

  #freeBit(): bigint {
    const used = bitsOf(this.#pending)
    let bit = 1n
    while ((used & bit) !== 0n) bit <<= 1n
    return bit
  }
}

function isAnswered({ answeredAt }: { readonly answeredAt?: number | undefined }): boolean {
  return answeredAt !== undefined
}

/** Whether a call can take effect where `done` have. */
function isNext({ bit, after }: Pending<unknown, unknown>, done: bigint): boolean {
  return (done & bit) === 0n && (after & ~done) === 0n
}

function bitsOf(pending: readonly Pending<never, never>[] | readonly Pending<unknown, unknown>[]): bigint {
  return pending.reduce((bits, { bit }) => bits | bit, 0n)
}
