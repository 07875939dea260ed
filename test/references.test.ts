import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { packageFolders } from './package-folders.ts'

/** A reference to a document in a source file: `docs/design.md`, or `docs/design.md, "existence"`. */
interface Reference {
  readonly file: string
  readonly path: string
  readonly subject: string | undefined
}

const root = fileURLToPath(new URL('..', import.meta.url))

describe.each(packageFolders)('%s', (folder) => {
  const references = referencesIn(folder)

  test('refers only to existing documents', () => {
    expect(references.filter(({ path }) => !existsSync(join(root, path)))).toEqual([])
  })

  test('refers only to existing subjects in those documents', () => {
    const missing = references.filter(
      ({ path, subject }) => subject !== undefined && !subjectsOf(path).includes(subject),
    )
    expect(missing).toEqual([])
  })
})

describe('docs/guarantees.md', () => {
  const text = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')
  const links = Array.from(
    text.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+\.test\.ts)\)/g),
    ([, words = '', path = '']) => ({
      words,
      path,
    }),
  )

  test('has links to tests', () => {
    expect(links.length).toBeGreaterThan(30)
  })

  test.each(links)('the link to $path uses the title of a test: $words', ({ words, path }) => {
    expect(existsSync(join(root, path))).toBe(true)
    const source = readFileSync(join(root, path), 'utf8').replaceAll("\\'", "'")
    // The title of a test, or the name of its file or package.
    expect(source.includes(words) || path.includes(words.toLowerCase())).toBe(true)
  })
})

function referencesIn(folder: string): Reference[] {
  const files = readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      // A reference in a comment may be broken over two lines.
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
