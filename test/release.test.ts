import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { packageFolders } from './package-folders.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const repository = 'https://git.example/owner/context-store'
const copies: string[] = []

afterEach(async () => {
  await Promise.all(copies.splice(0).map((folder) => rm(folder, { recursive: true, force: true })))
})

/** A git repository with copies of the files that the release script reads and writes. Its build and checks only print a word. */
async function copyOfRepository(
  edit: { readonly repository?: string; readonly changelog?: string } = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-release-'))
  copies.push(folder)
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  const workspaces = Object.keys(lock.packages).filter((path) => !path.includes('node_modules'))
  const files = workspaces.flatMap((path) =>
    ['package.json', 'README.md', 'LICENSE'].map((name) => join(path, name)),
  )
  for (const path of [...files, 'package-lock.json', 'CHANGELOG.md']) {
    if (!existsSync(join(root, path))) continue
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await cp(join(root, path), join(folder, path))
  }
  for (const path of packageFolders) {
    await cp(join(root, path, 'dist'), join(folder, path, 'dist'), { recursive: true })
  }
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const scripts = { build: 'echo builds', check: 'echo checks' }
  const address = edit.repository === '' ? {} : { repository: edit.repository ?? repository }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, ...address, scripts }))
  if (edit.changelog !== undefined) await writeFile(join(folder, 'CHANGELOG.md'), edit.changelog)
  await writeFile(join(folder, '.gitignore'), 'dist\n*.tgz\n')
  await git(folder, 'init', '--quiet')
  await git(folder, 'add', '.')
  await git(folder, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'all')
  return folder
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  return (await run('git', args, { cwd })).stdout
}

async function release(cwd: string, ...args: readonly string[]) {
  return run(process.execPath, [join(root, 'scripts/release.mjs'), ...args], { cwd }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

test('a release packs every package, with the repository, links that work outside it, and the given version', async () => {
  const folder = await copyOfRepository()
  const { code, stdout, stderr } = await release(folder, '0.9.0')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('builds')
  expect(stdout).toContain('checks')

  const tarballs = await readdir(join(folder, 'release'))
  expect(tarballs.sort()).toEqual(packageFolders.map((path) => `context-store-${path.slice(9)}-0.9.0.tgz`))
  for (const path of packageFolders) {
    const tarball = join(folder, 'release', `context-store-${path.slice(9)}-0.9.0.tgz`)
    const inside = (name: string) => run('tar', ['-xzOf', tarball, `package/${name}`])
    const manifest = JSON.parse((await inside('package.json')).stdout)
    expect(manifest).toMatchObject({
      version: '0.9.0',
      repository: { type: 'git', url: `git+${repository}.git`, directory: path },
      bugs: `${repository}/issues`,
      homepage: `${repository}/blob/v0.9.0/${path}/README.md`,
    })
    const own = Object.entries(manifest.dependencies ?? {}).filter(([name]) =>
      name.startsWith('@context-store/'),
    )
    expect(own).toEqual(own.map(([name]) => [name, '^0.9.0']))
    const readme = (await inside('README.md')).stdout
    const links = Array.from(readme.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target)
    expect(links.filter((target) => !/^(https?:|#)/.test(target))).toEqual([])
    const ours = links.filter((target) => target.startsWith(repository))
    for (const target of ours) expect(target).toMatch(/\/blob\/v0\.9\.0\/(docs|examples|packages)\/[^.]/)
  }

  const changelog = await readFile(join(folder, 'CHANGELOG.md'), 'utf8')
  expect(changelog).toMatch(/^## Unreleased\n\n## 0\.9\.0 \(\d{4}-\d\d-\d\d\)\n\n/m)
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'))
  expect(lock.packages['packages/rest']).toMatchObject({
    version: '0.9.0',
    dependencies: { '@context-store/core': '^0.9.0' },
  })
  expect(await git(folder, 'tag')).toBe('')
})

test.each([
  ['without a version', {}, [], 'npm run release -- 0.2.0'],
  ['with an invalid version', {}, ['next'], 'npm run release -- 0.2.0'],
  ['without a repository', { repository: '' }, ['0.9.0'], 'fill in "repository" in package.json'],
  [
    'with an empty changelog',
    { changelog: '## Unreleased\n\n## 0.1.0\n\n- x\n' },
    ['0.9.0'],
    'nothing under',
  ],
])('%s, a release is refused and changes nothing', async (_, edit, args, reason) => {
  const folder = await copyOfRepository(edit)
  const { code, stderr } = await release(folder, ...args)
  expect([code, stderr]).toEqual([1, expect.stringContaining(reason)])
  expect(await git(folder, 'status', '--porcelain')).toBe('')
})

test('with uncommitted changes, a release is refused', async () => {
  const folder = await copyOfRepository()
  await writeFile(join(folder, 'new.txt'), '')
  expect(await release(folder, '0.9.0')).toMatchObject({ code: 1, stderr: expect.stringContaining('commit') })
})
