// npm run release -- 0.2.0: writes the version and the changelog's heading, builds, runs the checks, and packs every package
// into release/. It publishes nothing and commits nothing; at the end it prints what is left to do.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestIn, pack, publishedFolders } from './pack.mjs'

const root = process.cwd()
const [version = ''] = process.argv.slice(2)
const folders = await publishedFolders(root)
const manifests = await Promise.all(folders.map((folder) => manifestIn(join(root, folder))))
const names = new Set(manifests.map(({ name }) => name))
const changelogPath = join(root, 'CHANGELOG.md')
const changelog = await readFile(changelogPath, 'utf8')

const { repository } = await manifestIn(root)
if (!/^\d+\.\d+\.\d+$/.test(version)) refuse('pass the version, such as: npm run release -- 0.2.0')
if (!/^https:\/\/[^/]+\/.*[^/]$/.test(repository ?? '')) {
  refuse(
    'fill in "repository" in package.json: the https address of the repository, without a trailing slash',
  )
}
if (!/^## Unreleased\n\s*[^\s#]|^## Unreleased\n\s*### /m.test(changelog)) {
  refuse('CHANGELOG.md has nothing under "## Unreleased"')
}
if (execFileSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' }) !== '') {
  refuse('there are uncommitted changes: commit them first')
}

const lock = await editJson('package-lock.json', ({ packages }) =>
  Object.values(packages).forEach(setVersion),
)
const workspaces = Object.keys(lock.packages).filter((path) => !path.includes('node_modules'))
for (const folder of workspaces) await editJson(join(folder, 'package.json'), setVersion)
const day = new Date().toISOString().slice(0, 10)
await writeFile(
  changelogPath,
  changelog.replace('## Unreleased\n', `## Unreleased\n\n## ${version} (${day})\n`),
)

npm('run', 'build')
npm('run', 'check')
const destination = join(root, 'release')
await rm(destination, { recursive: true, force: true })
await mkdir(destination)
for (const folder of folders) console.log((await pack(root, folder, destination)).tarball)
console.log(`
Left to do, once .ci/run passes:
  git commit -am 'Release ${version}' && git tag v${version} && git push --follow-tags
  for tarball in release/*.tgz; do npm publish --access public "$tarball"; done`)

/** Sets the version of a package of this repository, and the ranges of such packages that it depends on. */
function setVersion(manifest) {
  if (names.has(manifest.name)) manifest.version = version
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
    for (const name of Object.keys(manifest[kind] ?? {})) {
      if (names.has(name)) manifest[kind][name] = `^${version}`
    }
  }
}

async function editJson(path, edit) {
  const value = JSON.parse(await readFile(join(root, path), 'utf8'))
  edit(value)
  await writeFile(join(root, path), `${JSON.stringify(value, undefined, 2)}\n`)
  return value
}

function npm(...args) {
  const { status } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' })
  if (status !== 0)
    refuse(
      `npm ${args.join(' ')} failed: undo the changes with git checkout, fix the problem, and start again`,
    )
}

function refuse(reason) {
  console.error(`release: ${reason}`)
  process.exit(1)
}
