import { basename } from 'node:path'
import type { SystemCall } from './system-calls.ts'

/** What a disk keeps of the changes that were not synced before the power went. */
export interface Chances {
  /** From 0 to 1, 1 excluded. */
  random(): number
  /** The probability that an unsynced sector, length or name is kept: 0 loses everything unsynced, 1 nothing. */
  readonly kept: number
}

type Change = Extract<SystemCall, { readonly call: 'write' | 'truncate' }>

/** A file with its synced content, and the changes since. */
interface RecordedFile {
  readonly synced: FileContent
  unsynced: Change[]
}

interface Renaming {
  readonly path: string
  /** `undefined`: the name was removed. */
  readonly file: RecordedFile | undefined
}

const sector = 512

/**
 * The files on a disk after a power cut that follows these system calls, by name. Synced changes are there: the content
 * of a file once the file was synced, and its name or removal once the folder was. Of the others any part may be there, in
 * any order, as POSIX allows: each name, truncation and sector independently, some sectors in part, and zeros where a file
 * grew but its data was not written.
 */
export function filesAfterCut(calls: readonly SystemCall[], chances: Chances): Map<string, Buffer> {
  const inMemory = new Map<string, RecordedFile>()
  const onDisk = new Map<string, RecordedFile>()
  let renamings: Renaming[] = []
  for (const call of calls) {
    switch (call.call) {
      case 'create': {
        if (inMemory.has(call.path)) break
        const file: RecordedFile = { synced: new FileContent(), unsynced: [] }
        inMemory.set(call.path, file)
        renamings.push({ path: call.path, file })
        break
      }
      case 'remove':
        inMemory.delete(call.path)
        renamings.push({ path: call.path, file: undefined })
        break
      case 'write':
      case 'truncate':
        inMemory.get(call.path)?.unsynced.push(call)
        break
      case 'sync': {
        const file = inMemory.get(call.path)
        if (file === undefined) break
        for (const change of file.unsynced) file.synced.apply(change)
        file.unsynced = []
        break
      }
      case 'sync folder':
        for (const renaming of renamings) rename(onDisk, renaming)
        renamings = []
    }
  }
  for (const renaming of renamings) if (chances.random() < chances.kept) rename(onDisk, renaming)
  return new Map([...onDisk].map(([path, file]) => [basename(path), contentAfterCut(file, chances)]))
}

function rename(files: Map<string, RecordedFile>, { path, file }: Renaming): void {
  if (file === undefined) files.delete(path)
  else files.set(path, file)
}

function contentAfterCut({ synced, unsynced }: RecordedFile, { random, kept }: Chances): Buffer {
  const content = synced.copy()
  for (const change of unsynced) {
    if (change.call === 'truncate') {
      if (random() < kept) content.apply(change)
      continue
    }
    const { offset, data } = change
    const end = offset + data.length
    for (let from = offset; from < end; ) {
      const to = Math.min(end, from - (from % sector) + sector)
      if (random() < kept) {
        const whole = data.subarray(from - offset, to - offset)
        const isTorn = kept < 1 && random() < 0.1
        content.write(from, isTorn ? whole.subarray(0, Math.floor(random() * whole.length)) : whole)
      }
      from = to
    }
    if (kept > 0 && random() < 0.3) content.grow(end)
  }
  return content.bytes()
}

/** The bytes of a file, in a larger buffer, so that growing rarely copies them. */
class FileContent {
  #buffer = Buffer.alloc(0)
  #length = 0

  apply(change: Change): void {
    if (change.call === 'write') this.write(change.offset, change.data)
    else if (change.length > this.#length) this.grow(change.length)
    else {
      this.#buffer.fill(0, change.length)
      this.#length = change.length
    }
  }

  write(offset: number, data: Buffer): void {
    this.grow(offset + data.length)
    data.copy(this.#buffer, offset)
  }

  /** Appends zeros up to this length, if the file is shorter. */
  grow(length: number): void {
    if (length > this.#buffer.length) {
      this.#buffer = Buffer.concat([this.#buffer], Math.max(length, 2 * this.#buffer.length))
    }
    this.#length = Math.max(length, this.#length)
  }

  copy(): FileContent {
    const copy = new FileContent()
    copy.write(0, this.bytes())
    return copy
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}
