/** Waits until all promises are settled, even if one rejects early; then rejects if any has rejected. */
export async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}
