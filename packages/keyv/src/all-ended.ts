/** Waits until all have ended, also if one fails early; then rejects if one has failed. */
export async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}
