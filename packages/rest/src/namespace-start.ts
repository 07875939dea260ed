import type { Namespace } from '@context-store/core'
import type { ServiceRules } from './profiles.ts'
import { Refusal } from './refusal.ts'

/** The namespaces that are reserved for the service itself (docs/rest-contract.md, "Profiles"). */
const reserved: ReadonlySet<string> = new Set([
  'consumer',
  'operational',
  'conversation',
  'faas',
  'custom',
  'sde',
])

/** Throws if the namespace does not exist, and its name is reserved for the service. */
export async function checkName(namespace: Namespace, rules: ServiceRules): Promise<void> {
  if (rules.reservedNames && reserved.has(namespace.name) && (await namespace.info()) === undefined) {
    throw new Refusal(400, 'this namespace name is reserved for the service: use another one')
  }
}

/** Throws if a write would create the namespace, and must not. Reads from the store only if this can be the case. */
export async function checkWrite(namespace: Namespace, rules: ServiceRules): Promise<void> {
  await checkName(namespace, rules)
  if (!rules.createOnPatch) await checkThere(namespace)
}

/** Throws if the namespace does not exist. */
export async function checkThere(namespace: Namespace): Promise<void> {
  if ((await namespace.info()) === undefined) throw new Refusal(404, 'the namespace does not exist')
}
