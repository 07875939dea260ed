import { createHash } from 'node:crypto'
import type { StoreRules } from '@context-store/core/adapter'

/** A Lua script, and the name under which a server that has run it knows it. */
export interface Script {
  /** The Lua text. */
  readonly text: string
  /** The SHA-1 of the text, for EVALSHA. */
  readonly sha: string
}

/** Creates a script from its text. */
export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** The time in the form that scripts take; empty for the server's own clock, which all its clients share. */
export function scriptTime(rules: StoreRules): string {
  return rules.hasOwnClock ? String(rules.now()) : ''
}
