import { InvalidOptionError } from '../api/errors.ts'

/**
 * Checks an options object. `undefined` means no options. A name that is not in `known` is an error: a misspelt option
 * that is silently ignored can leave a session without expiry or a server without keys.
 *
 * @param of - the function that the options belong to, for the message
 * @throws `InvalidOptionError` for anything but a plain object of known names
 */
export function checkedOptions<T extends object>(
  options: T | undefined,
  known: readonly string[],
  of = '',
): Partial<T> {
  if (options === undefined) return {}
  const where = of === '' ? '' : `${of}: `
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionError(`${where}the options must be an object`)
  }
  for (const name in options) {
    if (!known.includes(name)) {
      throw new InvalidOptionError(
        `${where}there is no option ${JSON.stringify(name)}; the options are: ${known.join(', ')}`,
      )
    }
  }
  return options
}
