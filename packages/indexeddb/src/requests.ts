/**
 * The answer of a request, within the transaction: it goes on until what awaits the answer has run. One that fails does
 * not abort it: whoever waits decides.
 */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = (event) => {
      event.preventDefault()
      reject(request.error)
    }
  })
}

/** The key range of what begins with `prefix` and comes after `from`: an array sorts behind every string. */
export function after(prefix: readonly (string | number)[], from: string | undefined): IDBKeyRange {
  return IDBKeyRange.bound([...prefix, from ?? ''], [...prefix, []], true, true)
}
