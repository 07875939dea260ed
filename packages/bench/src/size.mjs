// The size of each package: packed, installed with its dependencies, and in a browser's bundle.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { output } from './processes.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export async function size({ progress }) {
  const rows = []
  const folders = readdirSync(join(root, 'packages')).filter(
    (name) => !manifestOf(join(root, 'packages', name)).private,
  )
  for (const folder of folders) {
    progress(`size: ${folder}`)
    const args = ['pack', `./packages/${folder}`, '--json', '--dry-run', '--ignore-scripts']
    const [packed] = JSON.parse(await output('npm', args, { cwd: root }))
    rows.push(row(`${folder}, packed`, packed.size))
    rows.push(row(`${folder}, installed with its dependencies`, installed(folder)))
  }
  const core = "export { absent, ContextStoreError } from '@context-store/core'"
  const bundles = {
    core: `${core}; export { createStore } from '@context-store/core/adapter'`,
    "an edge app's stores": `${core}; export { indexedDbStore } from '@context-store/indexeddb'
      export { offlineStore } from '@context-store/offline'; export { restStore } from '@context-store/rest/client'`,
  }
  for (const [what, contents] of Object.entries(bundles)) {
    rows.push(row(`${what} in a browser's bundle, gzipped`, await gzipped(contents)))
  }
  return rows
}

/** The size in bytes of a program bundled for browsers, gzipped. */
async function gzipped(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}

/** The size in bytes of a package's files and of all its dependencies. */
function installed(folder) {
  const seen = new Set()
  const bytesOf = (path) => {
    if (seen.has(path)) return 0
    seen.add(path)
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(path)
    const names = Object.keys({ ...dependencies, ...optionalDependencies })
    return names.reduce((sum, name) => sum + bytesOf(found(name, path)), filesIn(path))
  }
  return bytesOf(join(root, 'packages', folder))
}

/** The folder of a dependency of the package at a path, found as Node does. */
function found(name, path) {
  if (name.startsWith('@context-store/')) return join(root, 'packages', name.split('/')[1])
  for (let at = path; at !== '/'; at = join(at, '..')) {
    const candidate = join(at, 'node_modules', name)
    if (statSync(candidate, { throwIfNoEntry: false })?.isDirectory()) return candidate
  }
  throw new Error(`${name} is not installed: run npm ci`)
}

/** The size of a package's folder, without files that are not published or belong to other packages. */
function filesIn(path) {
  const own = path.startsWith(join(root, 'packages')) && !path.includes('node_modules')
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    if (
      entry.name === 'node_modules' ||
      (own && !['dist', 'package.json', 'README.md', 'LICENSE'].includes(entry.name))
    )
      return sum
    const at = join(path, entry.name)
    return sum + (entry.isDirectory() ? allIn(at) : statSync(at).size)
  }, 0)
}

function allIn(path) {
  return readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === 'node_modules') return sum
    const at = join(path, entry.name)
    return sum + (entry.isDirectory() ? allIn(at) : entry.isFile() ? statSync(at).size : 0)
  }, 0)
}

function manifestOf(path) {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
}

function row(operation, bytes) {
  const none = { opsPerSecond: null, p50: null, p99: null, ratioToLimit: null, ratioToBestPeer: null }
  return {
    backend: 'size',
    operation,
    candidate: 'context-store',
    role: 'ours',
    ...none,
    runs: 1,
    spread: 0,
    note: '',
    value: bytes,
    unit: 'bytes',
  }
}
