import type { KeyedLocks, Slice } from '@context-store/core'
import type { KeyvCalls } from './keyv-calls.ts'
import { digest } from './record-keys.ts'
import { type IndexPart, indexPartOf, indexText } from './records.ts'

/** How many names one part holds before it is divided into sixteen. */
const mostNames = 128

/** How many records behind the names of a listing are read at once. */
const readAtOnce = 128

/** A name with its place in the index's order. */
export interface IndexedName {
  readonly name: string
  /** Decided by the name alone: no write moves it. */
  readonly position: string
}

interface Change extends IndexedName {
  readonly present: boolean
}

interface Batch {
  readonly changes: Map<string, Change>
  readonly done: Promise<boolean>
}

/**
 * Sets of names, each a tree of small records in the Keyv: a part holds up to 128 names, or the digits of the parts
 * below it. A name stands where the digits of its digest lead, so a change rewrites one part, and a listing walks
 * the parts in their order. Parts without a name are removed, the last one too.
 *
 * A part is written before what leads to it, and removed before that: readers need no lock.
 */
export class NameIndex {
  readonly #calls: KeyvCalls
  readonly #locks: () => KeyedLocks
  readonly #waiting = new Map<string, Batch>()

  constructor(calls: KeyvCalls, locks: () => KeyedLocks) {
    this.#calls = calls
    this.#locks = locks
  }

  /** Adds a name to the index at `root`; one that is there stays. */
  async add(root: string, name: string): Promise<void> {
    await this.#change(root, { name, position: digest(name), present: true })
  }

  /** Removes a name; whether any other is left in the index. */
  remove(root: string, name: string): Promise<boolean> {
    return this.#change(root, { name, position: digest(name), present: false })
  }

  /** The names behind a position, in their order, a part at a time. */
  async *names(root: string, after: string | undefined): AsyncGenerator<IndexedName, void, undefined> {
    yield* this.#walk(root, '', after)
  }

  /** A part of an index: what `itemsOf` makes of the names, `undefined` where nothing is behind one. */
  async slice<T>(
    root: string,
    from: string | undefined,
    limit: number,
    itemsOf: (names: readonly string[]) => Promise<readonly (T | undefined)[]>,
  ): Promise<Slice<T>> {
    const items: T[] = []
    let last: string | undefined
    for await (const some of inChunks(this.names(root, from), Math.min(limit + 1, readAtOnce))) {
      const found = await itemsOf(some.map(({ name }) => name))
      for (const [index, item] of found.entries()) {
        if (item === undefined) continue
        if (items.length === limit) return { items, next: last }
        items.push(item)
        last = some[index]?.position
      }
    }
    return { items, next: undefined }
  }

  async *#walk(
    root: string,
    prefix: string,
    after: string | undefined,
  ): AsyncGenerator<IndexedName, void, undefined> {
    const part = await this.#read(root, prefix)
    if (part === undefined) return
    if ('names' in part) {
      const placed = part.names.map((name) => ({ name, position: digest(name) }))
      placed.sort((a, b) => (a.position < b.position ? -1 : 1))
      for (const one of placed) if (after === undefined || one.position > after) yield one
      return
    }
    for (const digit of part.below) {
      const below = prefix + digit
      if (after === undefined || below >= after.slice(0, below.length)) yield* this.#walk(root, below, after)
    }
  }

  /** Changes of one index that meet while another is under way are made together. */
  #change(root: string, change: Change): Promise<boolean> {
    const waiting = this.#waiting.get(root)
    if (waiting !== undefined) {
      waiting.changes.set(change.name, change)
      return waiting.done
    }
    const changes = new Map([[change.name, change]])
    let started = false
    const done = this.#locks().exclude(`changes of ${root}`, () => {
      started = true
      this.#waiting.delete(root)
      return this.#apply(root, '', [...changes.values()], true)
    })
    if (!started) this.#waiting.set(root, { changes, done })
    return done
  }

  /** Makes the changes below a prefix; whether a name is left there. */
  async #apply(root: string, prefix: string, changes: readonly Change[], known: boolean): Promise<boolean> {
    const part = known ? await this.#read(root, prefix) : undefined
    if (part !== undefined && 'below' in part) return this.#applyBelow(root, prefix, changes, part.below)
    const before = part?.names ?? []
    const names = new Set(before)
    for (const { name, present } of changes) {
      if (present) names.add(name)
      else names.delete(name)
    }
    const changed = names.size !== before.length || before.some((name) => !names.has(name))
    if (changed) await this.#writeNames(root, prefix, [...names], part !== undefined)
    return names.size > 0
  }

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

  async #writeNames(root: string, prefix: string, names: readonly string[], known: boolean): Promise<void> {
    if (names.length === 0) {
      if (known) await this.#calls.remove(keyOf(root, prefix))
      return
    }
    if (names.length <= mostNames) {
      await this.#write(root, prefix, { names })
      return
    }
    const placed = names.map((name) => ({ name, position: digest(name) }))
    const groups = byDigit(placed, prefix)
    await allEnded(
      Array.from(groups, ([digit, some]) =>
        this.#writeNames(
          root,
          prefix + digit,
          some.map(({ name }) => name),
          false,
        ),
      ),
    )
    await this.#write(root, prefix, { below: [...groups.keys()].sort().join('') })
  }

  async #read(root: string, prefix: string): Promise<IndexPart | undefined> {
    return indexPartOf(await this.#calls.read(keyOf(root, prefix)))
  }

  #write(root: string, prefix: string, part: IndexPart): Promise<void> {
    return this.#calls.write(keyOf(root, prefix), indexText(part), 0)
  }
}

async function* inChunks(
  names: AsyncIterable<IndexedName>,
  size: number,
): AsyncGenerator<IndexedName[], void, undefined> {
  let chunk: IndexedName[] = []
  for await (const one of names) {
    chunk.push(one)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

function keyOf(root: string, prefix: string): string {
  return prefix === '' ? root : `${root}-${prefix}`
}

/** Waits for all, failed or not: the next changes of the index are not to meet what is left of these. */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(works)
  await Promise.all(works)
}

function byDigit<T extends IndexedName>(placed: readonly T[], prefix: string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of placed) {
    const digit = one.position.charAt(prefix.length)
    const group = groups.get(digit)
    if (group === undefined) groups.set(digit, [one])
    else group.push(one)
  }
  return groups
}
