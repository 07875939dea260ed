/** A request as the service reads it, from a web `Request` or from Node's server. */
export interface ServiceRequest {
  readonly method: string
  /** A header by its lower-case name; several headers of one name are joined with commas. */
  header(name: string): string | undefined
  /** All headers, as {@link header} returns them. */
  headers(): Iterable<readonly [name: string, value: string]>
  /** The body; `undefined` if it is longer than `most` bytes. Rejects if it does not arrive completely. */
  bytes(most: number): Promise<Uint8Array | undefined>
}

/** Joins chunks. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
