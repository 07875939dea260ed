/*
 * Ids are stored unchanged, except for U+0000, which node:sqlite of Node 22 takes for the end of a text that it reads.
 * U+0001 marks a character that was replaced.
 */

/** The stored form of an id; different ids have different stored forms. */
export function storedId(id: string): string {
  if (!id.includes('\u0000') && !id.includes('\u0001')) return id
  return id.replaceAll('\u0001', '\u0001b').replaceAll('\u0000', '\u0001a')
}

/** The id of a stored form. */
export function idOf(stored: string): string {
  return stored.replaceAll('\u0001a', '\u0000').replaceAll('\u0001b', '\u0001')
}
