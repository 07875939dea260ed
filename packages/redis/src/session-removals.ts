import type { Condition, StoreRules, WriteOutcome } from '@context-store/core/adapter'
import type { SessionKeys } from './keys.ts'
import type { RedisConnection, Reply } from './redis-connection.ts'
import { isTooMuchWork } from './redis-errors.ts'
import { type Script, scriptTime } from './script.ts'
import { conditionArgs, currentOf } from './script-condition.ts'
import { forced } from './session-layout.ts'
import { SessionLines } from './session-lines.ts'
import { mostAppended, mostNames, mostReadings } from './session-patches.ts'
import type { SessionReads } from './session-reads.ts'
import { clearScript, deleteScript } from './session-scripts.ts'

/** Removes properties, and whole sessions. */
export class SessionRemovals {
  readonly #connection: RedisConnection
  readonly #reads: SessionReads
  readonly #rules: StoreRules

  constructor(connection: RedisConnection, reads: SessionReads, rules: StoreRules) {
    this.#connection = connection
    this.#reads = reads
    this.#rules = rules
  }

  /** Removes properties. */
  async delete(keys: SessionKeys, names: readonly string[]): Promise<void> {
    const removed = names.map((name) => JSON.stringify(name))
    await this.#change(keys, deleteScript, removed, (lines) =>
      lines.remove(removed) ? { args: [lines.stamp(0), `{${lines.text}`] } : { reply: 0 },
    )
  }

  /** Ends a session, on a condition if there is one. */
  async clear(keys: SessionKeys, expected: Condition | undefined): Promise<WriteOutcome> {
    const conditions = conditionArgs(expected)
    const reply = await this.#change(keys, clearScript, conditions, (lines) => {
      const refused = lines.refusal(conditions)
      if (refused !== undefined) return { reply: refused }
      return {
        args: conditions.length > mostNames ? [lines.stamp(0)] : [lines.stamp(mostAppended), ...conditions],
      }
    })
    return typeof reply === 'number' ? undefined : currentOf(expected, reply)
  }

  /** Runs a script; if the session is too large for it, reads the session and decides here. */
  async #change(
    keys: SessionKeys,
    script: Script,
    args: readonly string[],
    decide: (lines: SessionLines) => { readonly reply: Reply } | { readonly args: readonly string[] },
  ): Promise<Reply> {
    if (args.length <= mostNames) {
      const reply = await this.#run(keys, script, ['', ...args])
      if (reply !== undefined) return reply
    }
    for (let reading = 0; reading < mostReadings; reading++) {
      const decision = decide(new SessionLines(await this.#reads.read(keys)))
      if ('reply' in decision) return decision.reply
      const reply = await this.#run(keys, script, decision.args)
      if (reply !== undefined) return reply
    }
    return (await this.#run(keys, script, [forced, ...args])) ?? null
  }

  /** The reply of a script; `undefined` if it left the work to the client. */
  #run(
    { record, session, index }: SessionKeys,
    script: Script,
    args: readonly string[],
  ): Promise<Reply | undefined> {
    const all = [scriptTime(this.#rules), ...args]
    return this.#connection.run(script, [record, session, index], all, 'write').catch((error) => {
      if (isTooMuchWork(error.cause)) return undefined
      throw error
    })
  }
}
