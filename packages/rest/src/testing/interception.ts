import { getGlobalSymbol, type HttpRequestEventMap, type Interceptor } from '@mswjs/interceptors'
import { ClientRequestInterceptor } from '@mswjs/interceptors/ClientRequest'
import { FetchInterceptor } from '@mswjs/interceptors/fetch'
import { hostsOf } from './hosts.ts'

/** What answers the requests to some hosts. */
export interface Stand {
  readonly hosts: readonly string[]
  /** Rejects with the error that the sender gets. */
  readonly answer: (request: Request) => Promise<Response>
}

/** The stands in place, the latest last. */
const stands: Stand[] = []
let end = (): void => undefined

/**
 * Answers the requests of this process to a stand's hosts, until the returned function is called; if several stands
 * have the same host, the latest answers. All of them share one interceptor: a second one in the same process would
 * receive nothing, and end with the first.
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
    // An interceptor of MSW or nock that is in place already is joined. Disposing of ours would then keep theirs from
    // ever ending, so ours stops responding; theirs disposes of it.
    const isJoined = getGlobalSymbol(Kind.symbol) !== undefined
    const interceptor: Interceptor<HttpRequestEventMap> = new Kind()
    // In this order: only an applied interceptor receives requests through another library's.
    interceptor.apply()
    interceptor.on('request', async ({ request, controller }) => {
      const stand = isEnded ? undefined : standOf(request)
      if (stand === undefined) return
      try {
        controller.respondWith(await stand.answer(request))
      } catch (error) {
        controller.errorWith(isError(error) ? error : new Error(String(error)))
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
  const [hostname, host] = hostsOf(request.url)
  return stands.findLast(({ hosts }) => hosts.includes(hostname) || hosts.includes(host))
}

/** By its shape: an error of another realm, as in a test runner's sandbox, is no instance of this one's `Error`. */
function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && 'message' in value
}
