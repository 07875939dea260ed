import { ContextStoreError } from '@context-store/core'
import { type Answer, errorAnswer, jsonAnswer, noContent, withoutBody } from '../answer.ts'
import { parseJson, readBody } from '../body.ts'
import { corsRules, isPreflight } from '../cors.ts'
import { statusOfError } from '../error-status.ts'
import { Refusal } from '../refusal.ts'
import type { Service } from '../service.ts'
import type { ServiceRequest } from '../service-request.ts'
import type { DoubleCore } from './double-core.ts'
import type { Fault } from './faults.ts'
import { checkMembers } from './members.ts'
import type { State } from './state.ts'

/** The prefix of the paths that control a double over HTTP. No path of the contract begins with it. */
const controlPath = '/control/'

/** The longest body of a request, in bytes. The longest is a whole state. */
const mostBytes = 100_000_000

type Act = (core: DoubleCore, body: unknown) => Answer

/** The resources below `/control/`, and what each method does. */
const resources: { readonly [name: string]: { readonly [method: string]: Act } } = {
  requests: { GET: (core) => jsonAnswer(core.requests) },
  faults: {
    GET: (core) => jsonAnswer(core.pendingFaults),
    POST: (core, body) => {
      core.fault(body as Fault)
      return noContent
    },
  },
  state: {
    GET: (core) => jsonAnswer(core.snapshot()),
    PUT: (core, body) => {
      core.reset(body as State)
      return noContent
    },
  },
  clock: {
    GET: (core) => jsonAnswer({ now: core.clock.now() }),
    POST: (core, body) => {
      checkMembers('clock', body, ['advanceSeconds'])
      core.clock.advanceSeconds((body as { readonly advanceSeconds: number }).advanceSeconds)
      return jsonAnswer({ now: core.clock.now() })
    },
  },
  reset: {
    POST: (core) => {
      core.reset()
      return noContent
    },
  },
  done: {
    GET: (core) => {
      try {
        core.assertDone()
        return noContent
      } catch (error) {
        return errorAnswer(409, error instanceof Error ? error.message : String(error))
      }
    },
  },
}

const methods = ['GET', 'HEAD', 'POST', 'PUT']

/** Whether a request is for {@link controlOf}. */
export function isControl(target: string): boolean {
  return target.startsWith(controlPath)
}

/**
 * Creates the service for the requests that control a double. They need no API key and are not recorded.
 *
 * @param cors - the origin whose pages may send them, as in the options of the double
 */
export function controlOf(core: DoubleCore, cors: string | undefined): Service {
  const rules = corsRules(cors, methods)
  return async (request, target) => {
    if (rules !== undefined && isPreflight(request)) {
      return { status: 204, body: undefined, headers: rules.preflight }
    }
    const answer = await controlled(core, request, target).catch(refused)
    const whole = request.method === 'HEAD' ? withoutBody(answer) : answer
    return { ...whole, headers: { ...whole.headers, ...rules?.headers } }
  }
}

async function controlled(core: DoubleCore, request: ServiceRequest, target: string): Promise<Answer> {
  const [name = ''] = target.slice(controlPath.length).split('?', 1)
  const acts = Object.hasOwn(resources, name) ? resources[name] : undefined
  if (acts === undefined) {
    throw new Refusal(
      404,
      `there is no such path: use one of ${Object.keys(resources)
        .map((each) => controlPath + each)
        .join(', ')}`,
    )
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const act = Object.hasOwn(acts, method) ? acts[method] : undefined
  if (act === undefined) {
    const allow = Object.keys(acts).join(', ')
    throw new Refusal(405, `${request.method} is not allowed at this path: use ${allow}`, { allow })
  }
  const takesBody = method !== 'GET' && name !== 'reset'
  return act(core, takesBody ? parseJson(await readBody(request, mostBytes)) : null)
}

function refused(error: unknown): Answer {
  if (error instanceof Refusal) return errorAnswer(error.status, error.message, error.headers)
  if (ContextStoreError.is(error)) return errorAnswer(statusOfError[error.code], error.message)
  return errorAnswer(500, error instanceof Error ? error.message : String(error))
}
