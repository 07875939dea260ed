/** The options of `restStore`. */
export interface RestStoreOptions {
  /** The URL of the service without `/v1/…`, such as `https://z1.context.liveperson.net`. */
  readonly baseUrl: string
  /**
   * The API key of every account, or a function that returns an account's key. The function is called once per account,
   * and again with the refused key after a 401 or 403; the request is then sent once more.
   */
  readonly apiKey: string | ((account: string, refused?: string) => string | Promise<string>)
  /**
   * The timeout of a call in milliseconds: 1 to 600,000, default 10,000. It includes retries and the wait for earlier
   * calls on the session.
   */
  readonly timeoutMs?: number | undefined
  /** How many times a request that never reached the service is retried: 0 to 10, default 2. */
  readonly retries?: number | undefined
  /** The function that sends the requests. Default: the runtime's `fetch`, looked up for each request. */
  readonly fetch?: typeof fetch | undefined
}
