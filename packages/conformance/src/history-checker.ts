/** A call that a client made, and its outcome. Instants order calls and answers, in any unit that grows. */
export interface HistoryEntry<Call, Answer> {
  /** The call. */
  readonly call: Call
  /** The answer; `undefined` if `answeredAt` is. */
  readonly answer?: Answer | undefined
  /** When the call was made. */
  readonly calledAt: number
  /** When it was answered; `undefined`: never, so it may have taken effect at any later time, or not at all. */
  readonly answeredAt?: number | undefined
  /**
   * The store that made the call. The calls of one store take effect in the order of the history; `undefined`: in any
   * order that their instants allow.
   */
  readonly store?: string | undefined
  /** When the caller of an unanswered call was told so: later calls of its store may take effect before it. */
  readonly givenUpAt?: number | undefined
}

/** The effect of a call on a {@link SequentialModel}. */
export interface ModelStep<State, Answer> {
  /** The new state. */
  readonly state: State
  /** The answer. */
  readonly answer: Answer
}

/** A model of how an object behaves if one client at a time calls it. */
export interface SequentialModel<State, Call, Answer> {
  /** The initial state. */
  readonly initial: State
  /** Returns the state after a call, and the answer. It must not modify `state`, but return a new one. */
  step(state: State, call: Call): ModelStep<State, Answer>
  /** Whether the given answer is the one that the model expects. */
  accepts(given: Answer, expected: Answer): boolean
  /** Returns a string that is the same for equal states, and different for others. */
  keyOf(state: State): string
}

/** A model where a call may have several results, such as for a session that may have expired by then. */
export interface LooseModel<State, Call, Answer> extends Omit<SequentialModel<State, Call, Answer>, 'step'> {
  /** The possible results of a call; the first is preferred if several give the same answer. */
  steps(state: State, entry: HistoryEntry<Call, Answer>): readonly ModelStep<State, Answer>[]
  /** Whether a call with this answer changes no state; it may then have taken effect at any time that fits. */
  changesNothing(entry: HistoryEntry<Call, Answer>): boolean
}

/** The first answer of a history that no order of its calls explains. */
export interface Contradiction<State, Call, Answer> {
  /** The call with that answer. */
  readonly entry: HistoryEntry<Call, Answer>
  /** The possible states at an earlier instant. */
  readonly statesAt: (instant: number) => readonly State[]
  /** The possible states when that call took effect, or as close to that as the history gets. */
  readonly states: readonly State[]
}

/** What can have happened by an instant: which pending calls have taken effect, and the state. */
interface Possibility<State> {
  /** A bit for each pending call, set if it has taken effect or can no longer do so. */
  readonly done: bigint
  readonly state: State
}

interface Pending<Call, Answer> {
  readonly entry: HistoryEntry<Call, Answer>
  readonly bit: bigint
  readonly changesNothing: boolean
  /** The calls of the same store that must have taken effect before this one. */
  after: bigint
  /** The calls without an answer that can no longer take effect once this one has. */
  ends: bigint
}

interface Event<Call, Answer> {
  readonly at: number
  readonly entry: HistoryEntry<Call, Answer>
  readonly isAnswer: boolean
}

/** With more possibilities at a time, a history is too concurrent to decide. */
const mostPossibilities = 200_000

/**
 * Returns whether there is an order of a history's calls in which each takes effect at one instant between its call
 * and its answer, and all answers are right.
 *
 * Fast for thousands of calls if few of them overlap; exponential in the number that do.
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
 * Returns the first answer that no order explains; `undefined`: there is an order in which each call takes effect at one
 * instant between its call and its answer, the calls of one store in the order they were made, and all answers are right.
 *
 * It is Wing and Gong's search (1993) with Lowe's memoization (2017), event by event: it keeps every possibility up to an
 * event, and at an answer drops those that do not explain it. The work is linear in the length of the history, and
 * exponential only in the number of calls that overlap.
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

/** Everything that can have happened so far. */
class Search<State, Call, Answer> {
  readonly #model: LooseModel<State, Call, Answer>
  readonly #pending: Pending<Call, Answer>[] = []
  #possibilities: readonly Possibility<State>[]

  constructor(model: LooseModel<State, Call, Answer>) {
    this.#model = model
    this.#possibilities = [{ done: 0n, state: model.initial }]
  }

  /** Captures the possible states now; they are computed when the result is called. */
  snapshot(): () => readonly State[] {
    const possibilities = this.#possibilities
    return () => [...new Map(possibilities.map(({ state }) => [this.#model.keyOf(state), state])).values()]
  }

  /** Adds a call. */
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

  /** Adds the answer of a call; returns whether it is possible. If not, the states are those possible at its effect. */
  answer(entry: HistoryEntry<Call, Answer>): boolean {
    const pending = this.#pending.find((call) => call.entry === entry) as Pending<Call, Answer>
    const { explaining, others } = this.#explaining(pending.bit)
    if (explaining.length === 0) {
      const next = others.filter(({ done }) => isNext(pending, done))
      // If it can take effect in none of them, an earlier call of its store cannot.
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

  /** The possibilities in which the call of that bit has taken effect, and those in which it has not. */
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

  /** Applies every call that can take effect now and never changes state: delaying it would explain nothing more. */
  #withReads({ done, state }: Possibility<State>): Possibility<State> {
    let reached = done
    for (const pending of this.#pending) {
      const { entry } = pending
      if (!pending.changesNothing || !isNext(pending, reached) || (pending.ends & ~reached) !== 0n) continue
      if (this.#steps(state, entry).some((next) => next.state === state)) reached |= pending.bit
    }
    return { done: reached, state }
  }

  /** The possibilities after one more call has taken effect. */
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

  /** Drops possibilities that used more unanswered calls than another one with the same result. */
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

  /** Forgets a call that has taken effect in every possibility, or can no longer do so. */
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

/** Whether a call can take effect after the calls in `done`. */
function isNext({ bit, after }: Pending<unknown, unknown>, done: bigint): boolean {
  return (done & bit) === 0n && (after & ~done) === 0n
}

function bitsOf(pending: readonly Pending<never, never>[] | readonly Pending<unknown, unknown>[]): bigint {
  return pending.reduce((bits, { bit }) => bits | bit, 0n)
}
