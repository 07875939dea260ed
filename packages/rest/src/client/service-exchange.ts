/** A request to the service. */
export interface ServiceRequest {
  /** The account whose API key is sent. */
  readonly account: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** The path below the base, its parts encoded. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: object
  /** Whether another request of the same call has been applied already. */
  readonly isLater?: boolean
}

/** The answer of the service. */
export interface ServiceAnswer {
  readonly status: number
  /** The text of the body. */
  readonly text: string
}
