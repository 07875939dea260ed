import { InvalidOptionError } from '@context-store/core'
import {
  createNamespace,
  deleteNamespace,
  deleteProperties,
  deleteProperty,
  listNamespaces,
  type Operation,
  patchProperties,
  readProperties,
  readProperty,
} from './operations.ts'

/** Which of the vendor's pages the service follows: `2019`, the page this project was made from. */
export type Profile = '2019'

/** A part of a path: a word that stands there, or what a variable one names. */
export type PatternPart = 'properties' | '{namespace}' | '{session}' | '{name}'

/** The paths of one form, below the account, and what can be done there. */
export interface Route {
  readonly pattern: readonly PatternPart[]
  readonly operations: { readonly [method: string]: Operation }
}

/** A profile is data: where its paths begin, and its routes, of which the first that fits counts. */
export interface ProfileRules {
  readonly prefixes: readonly string[]
  readonly routes: readonly Route[]
}

const propertiesOperations = { GET: readProperties, PATCH: patchProperties, DELETE: deleteProperties }
const propertyOperations = { GET: readProperty, DELETE: deleteProperty }

// A property of `__default__` stands before the properties of a session: a session called `properties` has
// only its single ones (WIRE.md, "Meaning").
const page2019: ProfileRules = {
  prefixes: ['account', 'brand'],
  routes: [
    { pattern: [], operations: { GET: listNamespaces, POST: createNamespace } },
    { pattern: ['{namespace}'], operations: { DELETE: deleteNamespace } },
    { pattern: ['{namespace}', 'properties'], operations: propertiesOperations },
    { pattern: ['{namespace}', 'properties', '{name}'], operations: propertyOperations },
    { pattern: ['{namespace}', '{session}', 'properties'], operations: propertiesOperations },
    { pattern: ['{namespace}', '{session}', 'properties', '{name}'], operations: propertyOperations },
  ],
}

const profiles: { readonly [name in Profile]: ProfileRules } = { '2019': page2019 }

/** The profile of a name; `2019` if none. */
export function profileRules(name: Profile = '2019'): ProfileRules {
  if (!Object.hasOwn(profiles, name)) {
    throw new InvalidOptionError(`profile: one of ${Object.keys(profiles).join(', ')}`)
  }
  return profiles[name]
}

/** Every method that a profile serves. */
export function methodsOf({ routes }: ProfileRules): string[] {
  return [...new Set(routes.flatMap((route) => Object.keys(route.operations)))]
}
