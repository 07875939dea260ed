import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { packageFolders } from './package-folders.ts'

// With strict package managers (pnpm, Yarn PnP), a program can import only what its package.json names.

const root = fileURLToPath(new URL('..', import.meta.url))
const readmes = ['README.md', ...packageFolders.map((folder) => join(folder, 'README.md'))]

test.each(readmes.filter((path) => existsSync(join(root, path))))(
  '%s installs everything that its programs import',
  (path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const installed = Array.from(text.matchAll(/^npm install ([^#\n]+)/gm), ([, names = '']) =>
      names.trim().split(/\s+/),
    )
    const programs = Array.from(
      text.matchAll(/^```ts(?: run)?\n(.*?)^```/gms),
      ([, program = '']) => program,
    ).join('')
    const imported = Array.from(programs.matchAll(/ from '((?:@[^/']+\/)?[^/']+)/g), ([, name = '']) => name)
    expect(installed.flat()).toEqual(expect.arrayContaining(imported.filter((name) => !isBuiltin(name))))
  },
)
