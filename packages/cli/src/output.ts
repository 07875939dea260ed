import { once } from 'node:events'

/** Prints an object as one line of JSON, no faster than it is read. */
export function printLine(value: object): Promise<void> {
  return printText(JSON.stringify(value))
}

/** Prints a text and the end of a line, no faster than it is read. */
export async function printText(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
}
