import { once } from 'node:events'

/** Prints an object as one line of JSON, no faster than it is read. */
export async function printLine(value: object): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(value)}\n`)) await once(process.stdout, 'drain')
}
