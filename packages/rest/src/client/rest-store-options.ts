/** How a `restStore` reaches its service. */
export interface RestStoreOptions {
  /** Where the service is, such as `https://z1.context.liveperson.net`; what is below it begins with `/v1`. */
  readonly baseUrl: string
  /**
   * The key of every account, or a function that gives an account's. The function is asked once for each account,
   * and again, with the key that was refused, after a 401 or 403; the call is then made once more.
   */
  readonly apiKey: string | ((account: string, refused?: string) => string | Promise<string>)
  /** Milliseconds that an operation may take on the network, its retries included, 1 to 600,000: 10,000 if none. */
  readonly timeoutMs?: number | undefined
  /** How often a request that never reached the service is sent again, 0 to 10: 2 if none. */
  readonly retries?: number | undefined
  /** What requests are made with: the host's `fetch`, looked up at each call, if none. */
  readonly fetch?: typeof fetch | undefined
}
