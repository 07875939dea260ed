import { createHash } from 'node:crypto'
import type { StoreRules } from '@context-store/core/adapter'

/** A Lua script, and the name that a server knows it by once it has run it. */
export interface Script {
  /** The Lua text. */
  readonly text: string
  /** The SHA-1 of the text, for EVALSHA. */
  readonly sha: string
}

/** Makes a script of its text. */
export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** The time as scripts take it; empty for the server's own, which all its clients share. */
export function scriptTime(rules: StoreRules): string {
  return rules.hasOwnClock ? String(rules.now()) : ''
}
