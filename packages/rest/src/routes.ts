import { jsonAnswer } from './answer.ts'
import {
  createDocument,
  deleteDocument,
  deleteDocumentProperties,
  login,
  readDocument,
  readDocumentProperties,
} from './document-operations.ts'
import document from './openapi.json' with { type: 'json' }
import type { Operation } from './operation.ts'
import {
  createNamespace,
  deleteNamespace,
  deleteProperties,
  deleteProperty,
  listNamespaces,
  patchProperties,
  putProperty,
  readProperties,
  readProperty,
} from './operations.ts'
import type { PathPart } from './path.ts'
import { createSession, listSessionIds, listSessionProperties, listSessions } from './session-operations.ts'

/** A path pattern and its operations. */
export interface Route {
  /** The fixed parts of the path: their positions and texts. */
  readonly words: readonly (readonly [index: number, word: string])[]
  /** Whether it is served without an API key. */
  readonly open: boolean
  /** The positions of the variable parts; -1 if the path has no part of that name. */
  readonly account: number
  readonly namespace: number
  readonly session: number
  readonly name: number
  readonly operations: { readonly [method: string]: Operation }
}

export const loginPath = '/v2/authenticate/login'
const documentPath = '/openapi.json'
const openApi = jsonAnswer(document)
const serveDocument: Operation = { takes: 'nothing', run: async () => openApi }

const properties = { GET: readProperties, PATCH: patchProperties, DELETE: deleteProperties }
const property = { GET: readProperty, PUT: putProperty, DELETE: deleteProperty }

// The first path that matches is used: a property of `__default__` comes before the properties of a session called
// `properties`, and before the sessions of a namespace (docs/rest-contract.md, "Paths").
const v1: { readonly [path: string]: Route['operations'] } = {
  '': { GET: listNamespaces, POST: createNamespace },
  '/{namespace}': { DELETE: deleteNamespace },
  '/{namespace}/properties': properties,
  '/{namespace}/session-ids': { GET: listSessionIds },
  '/{namespace}/session-properties': { GET: listSessionProperties },
  '/{namespace}/properties/{name}': property,
  '/{namespace}/{session}/properties': properties,
  '/namespace/{namespace}/session': { GET: listSessions, POST: createSession },
  '/{namespace}/{session}/properties/{name}': property,
  '/namespace/{namespace}/session/{session}': { DELETE: deleteProperties },
}

const v2: { readonly [path: string]: Route['operations'] } = {
  '/create': { POST: createDocument },
  '/properties': { POST: readDocumentProperties },
  '/delete': { DELETE: deleteDocument },
  '/property/delete': { DELETE: deleteDocumentProperties },
  '/{account}/{namespace}': { GET: readDocument },
  '/{account}/{namespace}/{session}': { GET: readDocument },
}

/** All routes, by the number of parts in the path. */
const routes: readonly (readonly Route[])[] = byLength([
  [documentPath, { GET: serveDocument }],
  ...below('/v1/account/{account}', v1),
  ...below('/v1/brand/{account}', v1),
  ...below('/v2/context/document', v2),
  [loginPath, { GET: login }],
])

/** All methods that are served. */
export const methods: readonly string[] = [
  ...new Set(routes.flat().flatMap(({ operations }) => Object.keys(operations))),
]

/** The route of a path; `undefined` if there is no such path. */
export function routeOf(parts: readonly PathPart[]): Route | undefined {
  if (parts.includes('')) return undefined
  return routes[parts.length]?.find(({ words }) => words.every(([index, word]) => parts[index] === word))
}

function below(prefix: string, paths: typeof v1): (readonly [string, Route['operations']])[] {
  return Object.entries(paths).map(([path, operations]) => [prefix + path, operations])
}

function byLength(paths: readonly (readonly [path: string, operations: Route['operations']])[]): Route[][] {
  const grouped: Route[][] = []
  for (const [path, operations] of paths) {
    const parts = path.slice(1).split('/')
    while (grouped.length <= parts.length) grouped.push([])
    grouped[parts.length]?.push({
      words: [...parts.entries()].filter(([, part]) => !part.startsWith('{')),
      open: path === documentPath,
      account: parts.indexOf('{account}'),
      namespace: parts.indexOf('{namespace}'),
      session: parts.indexOf('{session}'),
      name: parts.indexOf('{name}'),
      operations: withHead(operations),
    })
  }
  return grouped
}

/** Adds HEAD to GET: the same operation, whose body is not sent. */
function withHead({ GET, ...others }: Route['operations']): Route['operations'] {
  return GET === undefined ? others : { GET, HEAD: GET, ...others }
}
