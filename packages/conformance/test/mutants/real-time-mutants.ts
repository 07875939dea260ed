import type { Properties } from '@context-store/core'
import type { CheckedAddress, SessionLife } from '@context-store/core/adapter'
import { PlainAdapter, type PlainSession } from '../plain-adapter.ts'
import { type Mutant, ofAdapter } from './mutant.ts'

/** Mutants that are correct as long as they get `now`. */
export const realTimeMutants: readonly Mutant[] = [
  ofAdapter(
    'expires no session without `now`',
    ['time to live'],
    class extends PlainAdapter {
      override isOver(life: SessionLife): boolean {
        return this.rules.hasOwnClock && super.isOver(life)
      }
    },
  ),
  ofAdapter(
    'never expires a session whose property is deleted in its last milliseconds',
    ['time to live'],
    class extends PlainAdapter {
      override deleteProperties(address: CheckedAddress, names: readonly string[]): void {
        super.deleteProperties(address, names)
        const session = this.find(address)
        const { expiresAt } = session?.life ?? {}
        if (session === undefined || expiresAt === undefined || expiresAt - this.time() > 10) return
        session.life = { ...session.life, expiresAt: undefined }
      }
    },
  ),
  ofAdapter(
    'lists expired sessions without `now`',
    ['time to live'],
    class extends PlainAdapter {
      override isListed(life: SessionLife): boolean {
        return !this.rules.hasOwnClock || super.isListed(life)
      }
    },
  ),
  ofAdapter(
    'finds no property named __proto__ without `now`',
    ['property names'],
    class extends PlainAdapter {
      override pick(session: PlainSession | undefined, names: readonly string[]): Properties {
        const found = this.rules.hasOwnClock ? names : names.filter((name) => name !== '__proto__')
        return super.pick(session, found)
      }
    },
  ),
]
