const headers = {
  'maven-api-key': process.env.CONTEXT_KEY ?? 'none',
  'content-type': 'application/json',
}

/** What a conversation about an order has come to. */
export interface Order {
  readonly step?: number
  readonly item?: string
}

/** What is kept for a conversation. */
export async function readOrder(conversation: string): Promise<Order> {
  const response = await send(conversation, { method: 'GET' })
  return response.status === 404 ? {} : ((await response.json()) as Order)
}

/** Merges into what is kept for a conversation. */
export async function writeOrder(conversation: string, order: Order): Promise<void> {
  await send(conversation, { method: 'PATCH', body: JSON.stringify(order) })
}

/** Forgets a conversation. */
export async function forgetOrder(conversation: string): Promise<void> {
  await send(conversation, { method: 'DELETE' })
}

/** One call, and a second one where the service has a bad moment; a merge may be repeated. */
async function send(conversation: string, init: RequestInit): Promise<Response> {
  const host = process.env.CONTEXT_URL ?? 'https://z1.context.liveperson.net'
  const url = `${host}/v1/account/577089/orders/${encodeURIComponent(conversation)}/properties`
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { ...init, headers })
      if (response.ok || response.status === 404) return response
      throw new Error(`the context service answered ${response.status}`)
    } catch (error) {
      if (attempt === 2) throw error
    }
  }
}
