import { createHash } from 'node:crypto'
import type { StoreRules } from '@context-store/core'

/** A script, and the name that the server knows it by once it has seen it. */
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

/** The time as scripts take it; empty: the server's own. */
export function scriptTime(rules: StoreRules): string {
  return rules.now === undefined ? '' : String(rules.now())
}
