import { allEnded } from './all-ended.ts'
import type { KeyvCalls } from './keyv-calls.ts'
import { digest } from './record-keys.ts'
import { type IndexPart, indexPartOf, recordText } from './records.ts'

/** How many names one part holds at most before it is divided into sixteen. */
const mostNames = 128

/** A name with its position in the index's order. */
export interface IndexedName {
  readonly name: string
  /** Depends only on the name, so no write changes it. */
  readonly position: string
}

interface Change extends IndexedName {
  readonly isAdded: boolean
}

interface Batch {
  readonly changes: Map<string, Change>
  readonly done: Promise<boolean>
}

/**
 * Sets of names, each a tree of small records in the Keyv: a part holds up to 128 names, or the digits of the parts
 * below it. The digits of a name's digest lead to its part, so a change rewrites one part, and a listing walks the parts
 * in order. Empty parts are removed, including the last one.
 *
 * A part is written before the part above that refers to it, and also removed before it: readers need no lock.
 */
export class NameIndex {
  readonly #calls: KeyvCalls
  readonly #waiting = new Map<string, Batch>()

  constructor(calls: KeyvCalls) {
    this.#calls = calls
  }

  /** Adds a name to the index at `root`, if it is missing. */
  add(root: string, name: string): Promise<boolean> {
    return this.#change(root, { name, position: digest(name), isAdded: true })
  }

  /** Removes a name; resolves to whether any other name is left in the index. */
  remove(root: string, name: string): Promise<boolean> {
    return this.#change(root, { name, position: digest(name), isAdded: false })
  }

  /** The names after a position, in their order. */
  async *names(root: string, after: string | undefined): AsyncGenerator<IndexedName, void, undefined> {
    yield* this.#walk(root, '', await this.#calls.read(root), after)
  }

  /** A random name; `undefined` if there is none. */
  async randomName(root: string): Promise<string | undefined> {
    for (let prefix = ''; ; ) {
      const part = await this.#read(root, prefix)
      if (part === undefined) return undefined
      if ('names' in part) return part.names[random(part.names.length)]
      prefix += part.below.charAt(random(part.below.length))
    }
  }

  /** All names, starting at a random one and continuing with the first after the last. */
  async *namesFromRandom(root: string): AsyncGenerator<IndexedName, void, undefined> {
    const start = await this.randomName(root)
    if (start === undefined) return
    const position = digest(start)
    // Without its last digit, the position is before this name and, digests being random, after all earlier names.
    yield* this.names(root, position.slice(0, -1))
    for await (const one of this.names(root, undefined)) {
      if (one.position >= position) return
      yield one
    }
  }

  async *#walk(
    root: string,
    prefix: string,
    value: unknown,
    after: string | undefined,
  ): AsyncGenerator<IndexedName, void, undefined> {
    const part = indexPartOf(value)
    if (part === undefined) return
    if ('names' in part) {
      const placed = part.names.map((name) => ({ name, position: digest(name) }))
      placed.sort((a, b) => (a.position < b.position ? -1 : 1))
      for (const one of placed) if (after === undefined || one.position > after) yield one
      return
    }
    const below = Array.from(part.below, (digit) => prefix + digit)
    const prefixes = below.filter((each) => after === undefined || each >= after.slice(0, each.length))
    const values = await this.#calls.readMany(prefixes.map((each) => keyOf(root, each)))
    for (const [index, each] of prefixes.entries()) yield* this.#walk(root, each, values[index], after)
  }

  /** Makes a change. Changes that wait for the lock of the same index are made together. */
  #change(root: string, change: Change): Promise<boolean> {
    const waiting = this.#waiting.get(root)
    if (waiting !== undefined) {
      waiting.changes.set(change.name, change)
      return waiting.done
    }
    const changes = new Map([[change.name, change]])
    let isStarted = false
    const done = this.#calls.locks.exclude(`changes of ${root}`, () => {
      isStarted = true
      this.#waiting.delete(root)
      return this.#apply(root, '', [...changes.values()], true)
    })
    if (!isStarted) this.#waiting.set(root, { changes, done })
    return done
  }

  /** Makes the changes below a prefix, whose part may not exist; resolves to whether a name is left there. */
  async #apply(
    root: string,
    prefix: string,
    changes: readonly Change[],
    mayExist: boolean,
  ): Promise<boolean> {
    const part = mayExist ? await this.#read(root, prefix) : undefined
    if (part !== undefined && 'below' in part) return this.#applyBelow(root, prefix, changes, part.below)
    const before = part?.names ?? []
    const names = new Set(before)
    for (const { name, isAdded } of changes) {
      if (isAdded) names.add(name)
      else names.delete(name)
    }
    if (names.size > mostNames) {
      const all = Array.from(names, (name) => ({ name, position: digest(name), isAdded: true }))
      return this.#applyBelow(root, prefix, all, '')
    }
    const isChanged = names.size !== before.length || before.some((name) => !names.has(name))
    if (isChanged && names.size > 0) await this.#write(root, prefix, { names: [...names] })
    else if (isChanged) await this.#calls.remove(keyOf(root, prefix))
    return names.size > 0
  }

  /** The same for a part whose names are divided, or must be divided now. */
  async #applyBelow(
    root: string,
    prefix: string,
    changes: readonly Change[],
    below: string,
  ): Promise<boolean> {
    const left = new Set(below)
    await allEnded(
      Array.from(byDigit(changes, prefix), async ([digit, some]) => {
        if (await this.#apply(root, prefix + digit, some, below.includes(digit))) left.add(digit)
        else left.delete(digit)
      }),
    )
    const after = [...left].sort().join('')
    if (after === '') await this.#calls.remove(keyOf(root, prefix))
    else if (after !== below) await this.#write(root, prefix, { below: after })
    return after !== ''
  }

  /** A part that is to be changed. The call may have written something before: a namespace, or another part. */
  async #read(root: string, prefix: string): Promise<IndexPart | undefined> {
    return indexPartOf(await this.#calls.read(keyOf(root, prefix), 'unknown'))
  }

  #write(root: string, prefix: string, part: IndexPart): Promise<void> {
    return this.#calls.write(keyOf(root, prefix), recordText('index', part), 0)
  }
}

function keyOf(root: string, prefix: string): string {
  return prefix === '' ? root : `${root}-${prefix}`
}

/** A random whole number below `limit`. */
function random(limit: number): number {
  return Math.floor(Math.random() * limit)
}

function byDigit(changes: readonly Change[], prefix: string): Map<string, Change[]> {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const digit = change.position.charAt(prefix.length)
    const group = groups.get(digit)
    if (group === undefined) groups.set(digit, [change])
    else group.push(change)
  }
  return groups
}
