import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { packageFolders } from './package-folders.ts'

/** A mention of a document in a source file: `docs/design.md`, or `docs/design.md, "existence"`. */
interface Reference {
  readonly file: string
  readonly path: string
  readonly subject: string | undefined
}

const root = fileURLToPath(new URL('..', import.meta.url))

describe.each(packageFolders)('%s', (folder) => {
  const references = referencesIn(folder)

  test('refers to documents of this repository only', () => {
    expect(references.filter(({ path }) => !existsSync(join(root, path)))).toEqual([])
  })

  test('refers to subjects that those documents have', () => {
    const missing = references.filter(
      ({ path, subject }) => subject !== undefined && !subjectsOf(path).includes(subject),
    )
    expect(missing).toEqual([])
  })
})

function referencesIn(folder: string): Reference[] {
  const files = readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      // A comment may break its line within a reference.
      const text = readFileSync(join(root, folder, 'src', file), 'utf8').replace(/\n\s*(?:\*|\/\/) ?/g, ' ')
      return Array.from(
        text.matchAll(/([\w./-]+\.md)\b(?:, "([^"]+)")?/g),
        ([, path = '', subject]): Reference => ({ file: `${folder}/src/${file}`, path, subject }),
      )
    })
}

/** The headings of a document, and the first cells of its tables. */
function subjectsOf(path: string): string[] {
  if (!existsSync(join(root, path))) return []
  const text = readFileSync(join(root, path), 'utf8')
  return Array.from(
    text.matchAll(/^(?:#+ (.+)|\| ([^|]+) \|.*)$/gm),
    ([, heading, cell]) => heading ?? cell ?? '',
  )
}
