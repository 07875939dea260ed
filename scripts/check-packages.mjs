// Packs each package as npm would publish it, and checks the tarball: no file is missing, none is there by accident,
// publint's rules hold, and types resolve as the code does (ESM only, on purpose).
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { manifestIn, pack, publishedFolders } from './pack.mjs'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
const expected = /^(dist\/.+\.(js|js\.map|d\.ts)|dist\/openapi\.json|package\.json|README\.md|LICENSE)$/

const folder = await mkdtemp(join(tmpdir(), 'context-store-packages-'))
try {
  let failed = false
  for (const path of await publishedFolders(root)) {
    const manifest = await manifestIn(join(root, path))
    const problems = await problemsOf(path, manifest)
    console.log(
      problems.length === 0 ? `${manifest.name}: ok` : `${manifest.name}: problems: ${problems.length}`,
    )
    for (const problem of problems) console.log(`  ${problem.replaceAll('\n', '\n  ')}`)
    failed ||= problems.length > 0
  }
  process.exitCode = failed ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function problemsOf(path, manifest) {
  const { tarball: packed, files: paths } = await pack(root, path, folder)
  const problems = ['README.md', 'LICENSE', 'dist/index.js']
    .filter((path) => !paths.includes(path) && !(path === 'dist/index.js' && manifest.bin))
    .map((path) => `${path} is missing`)
  problems.push(
    ...paths.filter((path) => !expected.test(path)).map((path) => `${path} must not be published`),
  )

  const tarball = await readFile(packed)
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
  // The owner fills in the repository's address; scripts/release.mjs refuses to pack without it.
  const relevant = messages.filter((message) => !/REPOSITORY/.test(message.code))
  problems.push(...relevant.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`))

  // A package that has only a command has no types to resolve.
  if (Object.keys(manifest.exports).some((entry) => entry.startsWith('.'))) {
    await run(process.execPath, [attw, packed, '--profile', 'esm-only', '--no-color', '--no-emoji']).catch(
      (error) => problems.push(`types: ${error.stdout || error.stderr || error.message}`),
    )
  }
  return problems
}
