import { getGlobalSymbol, type HttpRequestEventMap, type Interceptor } from '@mswjs/interceptors'
import { ClientRequestInterceptor } from '@mswjs/interceptors/ClientRequest'
import { FetchInterceptor } from '@mswjs/interceptors/fetch'

/** Who answers the requests to some hosts. */
export interface Stand {
  readonly hosts: readonly string[]
  /** Rejects with the error that the sender is to get. */
  readonly answer: (request: Request) => Promise<Response>
}

/** Those that are in place, the latest last. */
const stands: Stand[] = []
let end = (): void => undefined

/**
 * Answers the requests of this process to a stand's hosts, until the function that it gives is called; of several
 * stands for a host the latest counts. All of them share one interceptor: the second one of a process would hear
 * nothing, and end with the first.
 */
export function intercept(stand: Stand): () => void {
  if (stands.length === 0) end = begin()
  stands.push(stand)
  return () => {
    stands.splice(stands.indexOf(stand), 1)
    if (stands.length === 0) end()
  }
}

function begin(): () => void {
  const ours: Interceptor<HttpRequestEventMap>[] = []
  let isEnded = false
  for (const Kind of [ClientRequestInterceptor, FetchInterceptor]) {
    // Somebody else's that is in place already (of MSW or nock) is joined. Disposing of ours would then keep
    // theirs from ever ending, so ours falls silent and goes with theirs.
    const isJoined = getGlobalSymbol(Kind.symbol) !== undefined
    const interceptor: Interceptor<HttpRequestEventMap> = new Kind()
    // In this order: only what has been applied can hear by somebody else's.
    interceptor.apply()
    interceptor.on('request', async ({ request, controller }) => {
      const stand = isEnded ? undefined : standOf(request)
      if (stand === undefined) return
      try {
        controller.respondWith(await stand.answer(request))
      } catch (error) {
        controller.errorWith(error instanceof Error ? error : new Error(String(error)))
      }
    })
    if (!isJoined) ours.push(interceptor)
  }
  return () => {
    isEnded = true
    for (const interceptor of ours) interceptor.dispose()
  }
}

function standOf(request: Request): Stand | undefined {
  const { host, hostname } = new URL(request.url)
  return stands.findLast(({ hosts }) => hosts.includes(host) || hosts.includes(hostname))
}
