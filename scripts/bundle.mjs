// Bundles each published package into one file for each entry point, and puts code that entry points share in separate
// files: Node takes half a millisecond for every file that it imports. tsc checks the types and writes the .d.ts files.
// The arguments are the names of the packages to bundle; without arguments, all are bundled.
import { copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const packages = fileURLToPath(new URL('../packages', import.meta.url))

const chosen = process.argv.slice(2)

for (const name of chosen.length > 0 ? chosen : await readdir(packages)) {
  const folder = join(packages, name)
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  if (!manifest.private) await bundle(folder, manifest)
}

async function bundle(folder, { exports, bin = {} }) {
  const files = [...Object.values(exports).map((entry) => entry.default ?? entry), ...Object.values(bin)]
  const [scripts, others] = [files.filter(isScript), files.filter((file) => !isScript(file))]
  await removeScripts(join(folder, 'dist'))
  await build({
    absWorkingDir: folder,
    entryPoints: scripts.map((file) => sourceOf(file).replace(/\.js$/, '.ts')),
    outbase: 'src',
    outdir: 'dist',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'neutral',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
  })
  for (const file of others) await copyFile(join(folder, sourceOf(file)), join(folder, file))
}

function isScript(file) {
  return file.endsWith('.js')
}

function sourceOf(file) {
  return file.replace('./dist/', './src/')
}

/** Removes the files of an earlier build, which must not be published. */
async function removeScripts(dist) {
  const left = await readdir(dist, { recursive: true })
  for (const file of left) if (/\.js(\.map)?$/.test(file)) await rm(join(dist, file))
}
