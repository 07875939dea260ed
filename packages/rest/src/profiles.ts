import { InvalidOptionError } from '@context-store/core'
import type { HandlerOptions, Profile } from './handler-options.ts'

/** The options for what differs between the vendor's pages. */
type RuleName = 'bareValues' | 'reservedNames' | 'createOnPatch' | 'missingSessions' | 'propertiesField'

/** A value of each of them; a profile is such a set of values. */
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

/** The rules of the options' profile, changed by the other options. */
export function serviceRules(options: HandlerOptions): ServiceRules {
  const { profile = '2019' } = options
  if (!Object.hasOwn(profiles, profile)) {
    throw new InvalidOptionError(`profile: must be one of ${Object.keys(profiles).join(', ')}`)
  }
  const usual = profiles[profile]
  const { propertiesField = usual.propertiesField } = options
  if (propertiesField !== 'properties' && propertiesField !== 'property') {
    throw new InvalidOptionError("propertiesField: must be 'properties' or 'property'")
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
    throw new InvalidOptionError(`${name}: must be true or false`)
  }
  return chosen ?? usual
}
