import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
// Inside the repository, so that the workspace's packages are found as an application finds them.
const folder = join(root, 'test-results', 'write-an-adapter')
const guide = await readFile(join(root, 'docs', 'write-an-adapter.md'), 'utf8')
const adapter = blockWith('export function mapStore(')
const kitRun = blockWith("from '@context-store/conformance'\nimport { test }")

test('the guide has an adapter, and a test file that runs the kit against it', () => {
  expect(adapter).toContain('StorageAdapter')
  expect(kitRun).toContain("from './map-store.ts'")
})

await mkdir(folder, { recursive: true })
await writeFile(join(folder, 'map-store.ts'), adapter)
await writeFile(join(folder, 'map-store.test.ts'), kitRun)
// The guide's test file registers the kit's cases here.
await import(join(folder, 'map-store.test.ts'))

/** The fenced block of the guide that contains `text`. */
function blockWith(text: string): string {
  const blocks = Array.from(guide.matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm), ([, code = '']) => code)
  const [found, ...others] = blocks.filter((code) => code.includes(text))
  if (found === undefined || others.length > 0)
    throw new Error(`docs/write-an-adapter.md must have exactly one block with ${text}`)
  return found
}
