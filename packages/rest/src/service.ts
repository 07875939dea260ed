import { type ContextStore, ContextStoreError } from '@context-store/core'
import { type Answer, errorAnswer } from './answer.ts'
import { type JsonObject, parseObject, readBody } from './body.ts'
import { corsRules, isPreflight } from './cors.ts'
import { statusOfError } from './error-status.ts'
import type { HandlerOptions } from './handler.ts'
import { keyCheck } from './keys.ts'
import type { Operation } from './operations.ts'
import { type PathPart, readInclude, readTarget } from './path.ts'
import { methodsOf, type PatternPart, profileRules, type Route } from './profiles.ts'
import { Refusal } from './refusal.ts'

/** A service as the handler and the server need it: it answers everything and never rejects. */
export type Service = (request: Request, target: string) => Promise<Answer>

type Found = { readonly operation: Operation; readonly parts: Parts }
type Parts = { readonly [name in PatternPart]?: PathPart }

/** Makes the service of a store. */
export function createService(store: ContextStore, options: HandlerOptions): Service {
  const profile = profileRules(options.profile)
  const checkKey = keyCheck(options.keys)
  const cors = corsRules(options.cors, methodsOf(profile))

  // The order of the checks is WIRE.md's: 401, 403, 404 (path), 405, 413, 415, 400, and what the store says.
  async function serve(request: Request, rawTarget: string): Promise<Answer> {
    const { account, hasAccount, rest, query } = readTarget(rawTarget, profile.prefixes)
    checkKey(request.headers.get('maven-api-key'), account, hasAccount)
    const { operation, parts } = findOperation(profile.routes, rest, request.method)
    const bytes = operation.takesBody ? await readBody(request) : undefined
    if (account === undefined || Object.values(parts).includes(undefined)) {
      throw new Refusal(400, 'the path is not percent-encoded UTF-8')
    }
    const include = readInclude(query)
    const body: JsonObject = bytes === undefined ? {} : parseObject(bytes)
    return operation.run({
      store,
      account,
      namespace: parts['{namespace}'] ?? '',
      session: parts['{session}'],
      name: parts['{name}'] ?? '',
      include,
      body,
    })
  }

  if (cors === undefined) return (request, target) => serve(request, target).catch(answerOfError)
  return async (request, target) => {
    if (isPreflight(request)) return { status: 204, body: undefined, headers: cors.preflight }
    const answer = await serve(request, target).catch(answerOfError)
    return { ...answer, headers: { ...answer.headers, ...cors.headers } }
  }
}

function findOperation(
  routes: readonly Route[],
  rest: readonly PathPart[] | undefined,
  method: string,
): Found {
  for (const { pattern, operations } of routes) {
    const parts = matched(pattern, rest)
    if (parts === undefined) continue
    const operation = Object.hasOwn(operations, method) ? operations[method] : undefined
    if (operation !== undefined) return { operation, parts }
    const allow = Object.keys(operations).join(', ')
    throw new Refusal(405, `this path serves ${allow}`, { allow })
  }
  throw new Refusal(404, 'there is no such path')
}

function matched(pattern: readonly PatternPart[], rest: readonly PathPart[] | undefined): Parts | undefined {
  if (rest?.length !== pattern.length) return undefined
  const parts: { [name in PatternPart]?: PathPart } = {}
  for (const [index, name] of pattern.entries()) {
    if (name === 'properties' && rest[index] !== name) return undefined
    parts[name] = rest[index]
  }
  return parts
}

function answerOfError(error: unknown): Answer {
  if (error instanceof Refusal) return errorAnswer(error.status, error.message, error.headers)
  if (ContextStoreError.is(error)) return errorAnswer(statusOfError[error.code], error.message)
  // Not the client's doing, and not for its eyes; whoever runs the service has to see it.
  console.error(error)
  return errorAnswer(500, 'an error inside the service')
}
