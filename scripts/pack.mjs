// Packs a package as it is published. The owner of the repository fills in only `repository` in the root package.json.
// What depends on it is added here: the fields in each package.json, and links that work outside the repository.
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The folders of the published packages, relative to the root. */
export async function publishedFolders(root) {
  const folders = (await readdir(join(root, 'packages'))).sort().map((name) => `packages/${name}`)
  const manifests = await Promise.all(folders.map((folder) => manifestIn(join(root, folder))))
  return folders.filter((_, index) => !manifests[index].private)
}

/** The package.json of a folder. */
export async function manifestIn(folder) {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
}

/** Writes the tarball of a package into a folder; returns its path and the paths of the files in it. */
export async function pack(root, folder, destination) {
  const { repository } = await manifestIn(root)
  const staged = await mkdtemp(join(tmpdir(), 'context-store-pack-'))
  try {
    const source = join(root, folder)
    await cp(source, staged, {
      recursive: true,
      filter: (path) => !/^(node_modules|src|test)$/.test(path.slice(source.length + 1)),
    })
    if (repository !== undefined) await point(staged, folder, repository)
    const args = ['pack', staged, '--json', '--ignore-scripts', '--pack-destination', destination]
    const { stdout } = await run('npm', args, { cwd: root })
    const [{ filename, files }] = JSON.parse(stdout)
    return { tarball: join(destination, filename), files: files.map(({ path }) => path) }
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
}

/** Adds the address of the repository to the package.json, and to the links of the README. */
async function point(staged, folder, repository) {
  const manifest = await manifestIn(staged)
  Object.assign(manifest, {
    homepage: `${repository}/blob/v${manifest.version}/${folder}/README.md`,
    bugs: `${repository}/issues`,
    repository: { type: 'git', url: `git+${repository}.git`, directory: folder },
  })
  await writeFile(join(staged, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const readme = await readFile(join(staged, 'README.md'), 'utf8')
  const base = `${repository}/blob/v${manifest.version}`
  // Link targets in the README, except URLs and headings of the same page.
  const links = /(?<=\]\()(?![a-z]+:|#)([^)#\s]*)/g
  await writeFile(
    join(staged, 'README.md'),
    readme.replaceAll(links, (path) => `${base}/${posix.join(folder, path)}`),
  )
}
