import { once } from 'node:events'

/** Prints an object as one line of JSON; waits while the output is full. */
export function printLine(value: object): Promise<void> {
  return printText(JSON.stringify(value))
}

/** Prints a text and a line break; waits while the output is full. */
export async function printText(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
}
