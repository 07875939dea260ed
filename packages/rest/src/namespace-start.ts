import type { Namespace } from '@context-store/core'
import type { ServiceRules } from './profiles.ts'
import { Refusal } from './refusal.ts'

/** What the service keeps for itself (WIRE.md, "Later"). */
const reserved: ReadonlySet<string> = new Set([
  'consumer',
  'operational',
  'conversation',
  'faas',
  'custom',
  'sde',
])

/** Throws where a namespace of that name is the service's to begin. */
export async function checkName(namespace: Namespace, rules: ServiceRules): Promise<void> {
  if (rules.reservedNames && reserved.has(namespace.name) && (await namespace.info()) === undefined) {
    throw new Refusal(400, 'the service keeps this name of a namespace for itself: take another')
  }
}

/** Throws where a write may not begin the namespace; asks the store only where the answer could be no. */
export async function checkWrite(namespace: Namespace, rules: ServiceRules): Promise<void> {
  await checkName(namespace, rules)
  if (!rules.createOnPatch) await checkThere(namespace)
}

/** Throws where there is no such namespace. */
export async function checkThere(namespace: Namespace): Promise<void> {
  if ((await namespace.info()) === undefined) throw new Refusal(404, 'there is no such namespace')
}
