import document from '@context-store/rest/openapi.json' with { type: 'json' }
import { Ajv2020 } from 'ajv/dist/2020.js'

/** The operations in the OpenAPI description. */
export const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, operation]) =>
    'operationId' in operation ? [{ path, method: method.toUpperCase(), ...operation }] : [],
  ),
)

const formats = { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ }
const ajv = new Ajv2020({ strict: false, formats })

/** How an answer differs from the description; `undefined` if it matches. */
export function answerError(operationId: string, status: number, body: unknown): string | undefined {
  const responses = at(operationOf(operationId), 'responses')
  const response = at(responses, String(status)) ?? at(responses, `${Math.floor(status / 100)}XX`)
  if (response === undefined) return `${status} is not described`
  const schema = schemaIn(response)
  if (schema === undefined) return body === undefined ? undefined : 'a body is not described'
  return errorBy(schema, body)
}

/** How the body of a request differs from the description; `undefined` if it matches. */
export function requestError(operationId: string, body: unknown): string | undefined {
  const schema = schemaIn(at(operationOf(operationId), 'requestBody'))
  return schema === undefined ? 'a body is not described' : errorBy(schema, body)
}

function operationOf(id: string): unknown {
  return documented.find(({ operationId }) => operationId === id)
}

function schemaIn(message: unknown): unknown {
  return at(message, 'content', 'application/json', 'schema')
}

/** Validates a value with a schema, which may refer to the components of the description. */
function errorBy(schema: unknown, value: unknown): string | undefined {
  const isRight = ajv.validate({ allOf: [schema], components: document.components }, value)
  return isRight ? undefined : ajv.errorsText()
}

/** The part at a path of names; follows references. */
function at(part: unknown, ...names: readonly string[]): unknown {
  let found = part
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = followed(Reflect.get(found, name))
  }
  return found
}

function followed(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || !('$ref' in part)) return part
  return at(document, ...String(part.$ref).slice('#/'.length).split('/'))
}
