import { InvalidOptionError } from '@context-store/core'
import type { HandlerOptions, Profile } from './handler-options.ts'

/** The options in which the vendor's pages differ. */
type RuleName = 'bareValues' | 'reservedNames' | 'createOnPatch' | 'missingSessions' | 'propertiesField'

/** A choice of each of them; a profile is one such choice. */
export type ServiceRules = { readonly [name in RuleName]-?: Exclude<HandlerOptions[name], undefined> }

const profiles: { readonly [name in Profile]: ServiceRules } = {
  '2019': {
    bareValues: false,
    reservedNames: false,
    createOnPatch: true,
    missingSessions: false,
    propertiesField: 'properties',
  },
  service: {
    bareValues: true,
    reservedNames: true,
    createOnPatch: true,
    missingSessions: true,
    propertiesField: 'properties',
  },
}

/** The rules of the options' profile, `2019` if none, with what the options choose over it. */
export function serviceRules(options: HandlerOptions): ServiceRules {
  const { profile = '2019' } = options
  if (!Object.hasOwn(profiles, profile)) {
    throw new InvalidOptionError(`profile: one of ${Object.keys(profiles).join(', ')}`)
  }
  const usual = profiles[profile]
  const { propertiesField = usual.propertiesField } = options
  if (propertiesField !== 'properties' && propertiesField !== 'property') {
    throw new InvalidOptionError("propertiesField: 'properties' or 'property'")
  }
  return {
    bareValues: choice('bareValues', options.bareValues, usual.bareValues),
    reservedNames: choice('reservedNames', options.reservedNames, usual.reservedNames),
    createOnPatch: choice('createOnPatch', options.createOnPatch, usual.createOnPatch),
    missingSessions: choice('missingSessions', options.missingSessions, usual.missingSessions),
    propertiesField,
  }
}

function choice(name: RuleName, chosen: boolean | undefined, usual: boolean): boolean {
  if (chosen !== undefined && typeof chosen !== 'boolean') {
    throw new InvalidOptionError(`${name}: true or false`)
  }
  return chosen ?? usual
}
