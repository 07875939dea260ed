import {
  type AddressKey,
  checkSize,
  compactLength,
  countProperties,
  type Entries,
  emptyDocument,
  type JsonValue,
  namingCorrupt,
  type Properties,
  patchDocument,
  readDocumentProperties,
  readDocumentProperty,
  type StoreRules,
  withoutProperties,
} from '@context-store/core'

/** One property of a session's document. */
export function propertyOf(address: AddressKey, document: string, name: string): JsonValue | undefined {
  return named(address, () => readDocumentProperty(document, name))
}

/** Those of `names` that a session's document has; `undefined`: all. */
export function propertiesOf(
  address: AddressKey,
  document: string,
  names: readonly string[] | undefined,
): Properties {
  return named(address, () => readDocumentProperties(document, names))
}

/** A session's document with `changes` merged into it. */
export function changedDocument(address: AddressKey, document: string, changes: Entries): string {
  return named(address, () => patchDocument(document, changes))
}

/** A session's document without the properties of these names. */
export function documentWithout(address: AddressKey, document: string, names: readonly string[]): string {
  return named(address, () => withoutProperties(document, names))
}

/** Throws where a session with that document passes a limit. Counts only where the text's length leaves a doubt. */
export function checkLimits(address: AddressKey, document: string, rules: StoreRules): void {
  const { documentLength, properties } = rules.limits
  // The shortest property takes six characters: a line feed, `"":0`, and a comma or the closing brace.
  if (document.length <= documentLength && document.length <= 6 * properties) return
  checkSize(address, compactLength(document), countProperties(document), rules)
}

/** As good as a count where only "none" matters. */
export function noneOrSome(document: string): number {
  return document === emptyDocument ? 0 : 1
}

/** Says which session it is that cannot be read. */
function named<T>(address: AddressKey, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw namingCorrupt(address, error)
  }
}
