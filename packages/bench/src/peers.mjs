// Other libraries to compare with. They have their own lockfile, and are installed by the first run.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../peers', import.meta.url))
const require = createRequire(`${folder}/package.json`)

/** Installs the peers unless the versions in the lockfile are installed. */
export function installPeers(say) {
  const installed = `${folder}/node_modules/.package-lock.json`
  const wanted = packagesIn(`${folder}/package-lock.json`)
  if (existsSync(installed)) {
    const there = packagesIn(installed)
    if (Object.keys(there).every((path) => there[path].version === wanted[path]?.version)) return
  }
  say('installing the peers: this takes a minute or two')
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`npm ci in packages/bench/peers failed:\n${stderr}`)
}

/** The module of a peer. */
export function peer(name) {
  return require(name)
}

/** The script file of a peer's command. */
export function peerCommand(name) {
  const { bin } = JSON.parse(readFileSync(`${folder}/node_modules/${name}/package.json`, 'utf8'))
  return `${folder}/node_modules/${name}/${typeof bin === 'string' ? bin : Object.values(bin)[0]}`
}

/** The folder of the peers. */
export const peersFolder = folder

function packagesIn(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages
}
