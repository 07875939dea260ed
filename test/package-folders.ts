import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The parts of a package.json that the tests of the repository read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: { readonly [entry: string]: unknown }
  readonly dependencies?: { readonly [name: string]: string }
  readonly optionalDependencies?: { readonly [name: string]: string }
  readonly peerDependencies?: { readonly [name: string]: string }
}

/** The folders of the published packages, relative to the root. */
export const packageFolders: readonly string[] = readdirSync(new URL('../packages', import.meta.url))
  .map((name) => `packages/${name}`)
  .filter((folder) => !manifestOf(folder).private)

/** The names of the bridges: packages that connect a store to a runtime, which is their peer dependency. */
export const bridges: readonly string[] = [
  'chat-sdk',
  'express-session',
  'grammy',
  'langgraph',
  'microsoft-agents',
  'telegraf',
].map((name) => `@context-store/${name}`)

/** The package.json of a folder of the repository. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(
    readFileSync(fileURLToPath(new URL(`../${folder}/package.json`, import.meta.url)), 'utf8'),
  )
}
