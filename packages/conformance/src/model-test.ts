import { ContextStoreError } from '@context-store/core'
import fc from 'fast-check'
import { nameOf } from './check.ts'
import { type CaseContext, type ConformanceCase, type Row, RowFailure } from './conformance-case.ts'
import { difference } from './difference.ts'
import { Model, ModelRefusal, type Place } from './model.ts'
import { allNamespaces, allSessions, anyStep } from './random-programs.ts'
import { checkRuns } from './random-runs.ts'
import { type Step, type Subject, sessionsStep } from './random-steps.ts'

const row = 'patch'

/** The result of a step, or the code of its error. */
type Observation = { readonly gave: unknown } | { readonly failedWith: string }

/** A run of a random program, on a store and on the model. */
class Run {
  readonly #context: CaseContext
  readonly #subject: Subject
  readonly #model: Model

  constructor(context: CaseContext, subject: Subject, model: Model) {
    this.#context = context
    this.#subject = subject
    this.#model = model
  }

  /** Takes a step on both; fails if they differ. */
  async take(step: Step): Promise<void> {
    const found = await this.#observe(() => step.onStore(this.#subject))
    const expected = await this.#observe(async () => step.onModel(this.#model))
    const differs = difference(found, expected, 'the store')
    if (differs === undefined) return
    // If a listing is wrong because a session is, the session's row is the one to report.
    if (step.row === 'listings') await this.compareSessions()
    throw new RowFailure(rowOf(differs, step), `${step}: ${differs} (as the model has it)`)
  }

  /** Compares everything. */
  async compareAll(): Promise<void> {
    await this.compareSessions()
    if (!this.#context.can('session-listing')) return
    for (const namespace of allNamespaces) await this.take(sessionsStep(namespace, 2))
  }

  /** Compares the sessions one by one. */
  async compareSessions(): Promise<void> {
    for (const place of allSessions) await this.take(this.#lookAt(place))
  }

  async #observe(act: () => Promise<unknown>): Promise<Observation> {
    try {
      const gave = await act()
      return { gave: this.#context.can('clock') ? gave : withoutInstants(gave) }
    } catch (error) {
      if (ContextStoreError.is(error) || error instanceof ModelRefusal) return { failedWith: error.code }
      return { failedWith: nameOf(error) }
    }
  }

  #lookAt(place: Place): Step {
    const told = this.#context.can('session-info')
    return {
      row,
      onStore: async ({ store }) => {
        const session = store.session(place)
        return { info: told ? await session.info() : undefined, all: await session.getAll() }
      },
      onModel: (model) => ({ info: told ? model.info(place) : undefined, all: model.read(place) }),
      toString: () => `all of ${fc.stringify(place)}`,
    }
  }
}

/** The row to report: the difference says more than the step that revealed it. */
function rowOf(differs: string, step: Step): Row {
  if (/\["(ttlSeconds|expiresAt)"\]/.test(differs)) return 'time to live'
  if (differs.includes('["createdAt"]')) return 'idempotence'
  if (differs.includes('["info"]') || differs.includes('namespace-not-found')) return 'existence'
  return step.row
}

/** The same value with every Date replaced: without `now`, the store and the model have different clocks. */
function withoutInstants(value: unknown): unknown {
  if (value instanceof Date) return 'an instant'
  if (Array.isArray(value)) return value.map(withoutInstants)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutInstants(inner)]))
}

/** The cases that run random programs against the model. */
export const modelCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'random programs have the same effect on the store as on a plain model',
    run: (context) => runPrograms(context, 'implicit'),
  },
  {
    row,
    name: 'random programs have the same effect on the store as on a plain model, where namespaces are explicit',
    needs: ['explicit-namespaces'],
    run: (context) => runPrograms(context, 'explicit'),
  },
]

async function runPrograms(context: CaseContext, namespaces: 'implicit' | 'explicit'): Promise<void> {
  // `size: 'max'`: programs of about 30 steps, where the usual size would give about 5.
  const programs = fc.array(anyStep(context), { minLength: 1, maxLength: 60, size: 'max' })
  await checkRuns(context, row, programs, async (steps) => {
    const store = await context.open({ namespaces })
    const model = new Model(
      context.can('clock') ? () => context.clock.now() : Date.now,
      namespaces === 'explicit',
    )
    const run = new Run(context, { store, kept: new Map() }, model)
    for (const step of steps) await run.take(step)
    await run.compareAll()
    await store.close()
  })
}
