/** A request as the service reads it, whether it is the web's or Node's. */
export interface ServiceRequest {
  readonly method: string
  /** A header by its name in lower case; several of one name are one, with commas between. */
  header(name: string): string | undefined
  /** All headers, as {@link header} gives them. */
  headers(): Iterable<readonly [name: string, value: string]>
  /** The body; `undefined` where it is longer than `most` bytes. Rejects where it does not arrive whole. */
  bytes(most: number): Promise<Uint8Array | undefined>
}

/** What chunks come to. */
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
