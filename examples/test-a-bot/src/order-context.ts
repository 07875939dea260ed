const headers = {
  'maven-api-key': process.env.CONTEXT_KEY ?? 'none',
  'content-type': 'application/json',
}

/** The state of a conversation about an order. */
export interface Order {
  readonly step?: number
  readonly item?: string
}

/** Reads what is stored for a conversation. */
export async function readOrder(conversation: string): Promise<Order> {
  const response = await send(conversation, { method: 'GET' })
  return response.status === 404 ? {} : ((await response.json()) as Order)
}

/** Merges properties into what is stored for a conversation. */
export async function writeOrder(conversation: string, order: Order): Promise<void> {
  await send(conversation, { method: 'PATCH', body: JSON.stringify(order) })
}

/** Deletes a conversation. */
export async function forgetOrder(conversation: string): Promise<void> {
  await send(conversation, { method: 'DELETE' })
}

/** Sends a request, and once more if it fails, after the time in `retry-after`. Repeating a merge is safe. */
async function send(conversation: string, init: RequestInit): Promise<Response> {
  const host = process.env.CONTEXT_URL ?? 'https://z1.context.liveperson.net'
  const url = `${host}/v1/account/577089/orders/${encodeURIComponent(conversation)}/properties`
  const attempt = (): Promise<Response> => fetch(url, { ...init, headers }).catch(() => Response.error())
  const response = await attempt()
  if (isAnswer(response)) return response
  const seconds = Number(response.headers.get('retry-after') ?? 0)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const second = await attempt()
  if (isAnswer(second)) return second
  throw new Error(`the context service answered ${second.status}`)
}

function isAnswer({ ok, status }: Response): boolean {
  return ok || status === 404
}
