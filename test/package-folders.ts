import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What the tests of the repository read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: { readonly [entry: string]: unknown }
  readonly dependencies?: { readonly [name: string]: string }
  readonly optionalDependencies?: { readonly [name: string]: string }
  readonly peerDependencies?: { readonly [name: string]: string }
}

/** The folders of the packages that are published, seen from the root. */
export const packageFolders: readonly string[] = readdirSync(new URL('../packages', import.meta.url))
  .map((name) => `packages/${name}`)
  .filter((folder) => !manifestOf(folder).private)

/** The package.json of a folder of the repository. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(
    readFileSync(fileURLToPath(new URL(`../${folder}/package.json`, import.meta.url)), 'utf8'),
  )
}
