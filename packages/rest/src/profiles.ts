import { InvalidOptionError } from '@context-store/core'
import type { HandlerOptions, Profile } from './handler-options.ts'

/** The options for the differences between the vendor's pages. */
type RuleName = 'bareValues' | 'bareStrings' | 'reservedNames' | 'createOnPatch' | 'propertiesField'

/** A value of each of these options. A profile is such a set of values. */
export type ServiceRules = { readonly [name in RuleName]-?: Exclude<HandlerOptions[name], undefined> }

const profiles: { readonly [name in Profile]: ServiceRules } = {
  '2019': {
    bareValues: false,
    bareStrings: false,
    reservedNames: false,
    createOnPatch: true,
    propertiesField: 'property',
  },
  service: {
    bareValues: true,
    bareStrings: true,
    reservedNames: true,
    createOnPatch: true,
    propertiesField: 'property',
  },
}

/** The rules of the profile in the options, overridden by the other options. */
export function serviceRules(options: HandlerOptions): ServiceRules {
  const { profile = '2019' } = options
  if (!Object.hasOwn(profiles, profile)) {
    throw new InvalidOptionError(`profile: must be one of ${Object.keys(profiles).join(', ')}`)
  }
  const usual = profiles[profile]
  const { propertiesField = usual.propertiesField } = options
  if (propertiesField !== 'properties' && propertiesField !== 'property') {
    throw new InvalidOptionError("propertiesField: must be 'property' or 'properties'")
  }
  return {
    bareValues: choice('bareValues', options.bareValues, usual.bareValues),
    bareStrings: choice('bareStrings', options.bareStrings, usual.bareStrings),
    reservedNames: choice('reservedNames', options.reservedNames, usual.reservedNames),
    createOnPatch: choice('createOnPatch', options.createOnPatch, usual.createOnPatch),
    propertiesField,
  }
}

function choice(name: RuleName, chosen: boolean | undefined, usual: boolean): boolean {
  if (chosen !== undefined && typeof chosen !== 'boolean') {
    throw new InvalidOptionError(`${name}: must be true or false`)
  }
  return chosen ?? usual
}
