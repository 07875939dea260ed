/**
 * The result of a request, inside its transaction, which stays active until the code that awaits the result has run. A
 * failed request does not abort the transaction: the code that awaits it decides.
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

/** The key range of the keys that begin with `prefix` and come after `from`: arrays sort after all strings. */
export function after(prefix: readonly (string | number)[], from: string | undefined): IDBKeyRange {
  return IDBKeyRange.bound([...prefix, from ?? ''], [...prefix, []], true, true)
}
