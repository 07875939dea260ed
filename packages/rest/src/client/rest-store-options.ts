/** How a `restStore` reaches its service. */
export interface RestStoreOptions {
  /** The URL of the service without `/v1/…`, such as `https://z1.context.liveperson.net`. */
  readonly baseUrl: string
  /**
   * The API key of every account, or a function that returns an account's key. The function is called once for each
   * account, and again, with the key that was refused, after a 401 or 403; the request is then sent once more.
   */
  readonly apiKey: string | ((account: string, refused?: string) => string | Promise<string>)
  /**
   * Milliseconds that a call may take, its retries and its waiting for earlier calls included: 1 to 600,000, default
   * 10,000.
   */
  readonly timeoutMs?: number | undefined
  /** How often a request is retried that never reached the service: 0 to 10, default 2. */
  readonly retries?: number | undefined
  /** What sends the requests. Default: the host's `fetch`, looked up at each request. */
  readonly fetch?: typeof fetch | undefined
}
