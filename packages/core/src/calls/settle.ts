/** Runs a task and reports its outcome, even if it throws instead of returning a promise. */
export function settle<T>(
  work: () => Promise<T>,
  succeed: (value: T) => void,
  fail: (error: unknown) => void,
): void {
  let answer: Promise<T>
  try {
    answer = work()
  } catch (error) {
    fail(error)
    return
  }
  // An adapter may return a plain value despite its type.
  Promise.resolve(answer).then(succeed, fail)
}
