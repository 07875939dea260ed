import { Worker } from 'node:worker_threads'

/** How the copy failed, as far as an error can be sent between threads. */
interface Failure {
  readonly message: string
  readonly code?: string
  readonly errcode?: number
}

// A string, because bundlers would not find a file. Driver objects are kept as in kept-objects.ts.
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const loaded = require(workerData.driver)
const Database = loaded.DatabaseSync ?? loaded
const kept = globalThis.kept = []
let database, failure
try {
  database = new Database(workerData.file)
  kept.push(database)
  database.exec('PRAGMA busy_timeout = 5000')
  const statement = database.prepare('VACUUM INTO ?')
  kept.push(statement)
  statement.run(workerData.copy)
} catch ({ message, code, errcode }) {
  failure = { message, code, errcode }
}
database?.close()
parentPort.postMessage({ failure })
`

/**
 * Copies a database into an empty file, in a worker thread and on a separate connection.
 *
 * @param driver - what the worker requires: `node:sqlite`, or the path of better-sqlite3
 * @returns `false` if this runtime cannot load the driver in a worker; then nothing has been written
 */
export function vacuumInWorker(driver: string, file: string, copy: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: { driver, file, copy } })
    worker.once('message', ({ failure }: { readonly failure: Failure | undefined }) => {
      if (failure === undefined) resolve(true)
      else reject(Object.assign(new Error(failure.message), failure))
    })
    // Without a message, the copy was not begun.
    worker.once('error', () => resolve(false))
    worker.once('exit', () => resolve(false))
  })
}
