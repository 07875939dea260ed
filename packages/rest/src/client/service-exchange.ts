/** A request to the service. */
export interface ServiceRequest {
  /** Decides the API key. */
  readonly account: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the base, each part of it encoded. */
  readonly path: string
  /** What is sent as JSON. */
  readonly body?: object
  /** Whether another request of the same call has been applied already. */
  readonly isLater?: boolean
}

/** What the service answered. */
export interface ServiceAnswer {
  readonly status: number
  /** The text of its body. */
  readonly text: string
}
