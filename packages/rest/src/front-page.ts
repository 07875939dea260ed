import type { Answer } from './answer.ts'
import type { ServiceRequest } from './service-request.ts'

/**
 * The page for people at `/`, which is not a path of the contract; `undefined` for other requests. A program sends its
 * API key, and must be told if the key is refused: `ready()` of `restStore` asks for this path.
 */
export function frontPage(request: ServiceRequest, target: string): Answer | undefined {
  if (target !== '/' || (request.method !== 'GET' && request.method !== 'HEAD')) return undefined
  if (request.header('maven-api-key') !== undefined) return undefined
  const url = `http://${request.header('host') ?? '127.0.0.1'}`
  const session = escaped(`${url}/v1/account/577089/orders/conversation-7/properties`)
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>context-store</title>
<style>body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
pre { padding: .75rem; background: #8881; white-space: pre-wrap; overflow-wrap: anywhere } :root { color-scheme: light dark }</style>
<h1>context-store</h1>
<p>This server keeps the context of conversations: account → namespace → session → property. It speaks the REST
contract that <a href="/openapi.json">/openapi.json</a> describes.</p>
<p>Write two properties into a session. A patch merges: what it does not name stays.</p>
<pre>curl -X PATCH ${session} \\
  -H 'maven-api-key: any' -H 'content-type: application/json' -d '{"step":1,"draft":"two teas"}'</pre>
<p>Read the session:</p>
<pre>curl ${session} -H 'maven-api-key: any'</pre>
<p>If the server was started with API keys, use one of them instead of <code>any</code>.</p>
</html>
`
  return { status: 200, body, headers: { 'content-type': 'text/html; charset=utf-8' } }
}

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** The host is what the client sent. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}
