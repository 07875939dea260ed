import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Manifest, manifestOf, packageFolders } from './package-folders.ts'

const run = promisify(execFile)

/** An npm registry that has only the packages of this repository, as they would be published. */
export interface NpmRegistry {
  readonly url: string
  close(): Promise<void>
}

interface Published {
  readonly manifest: Manifest
  readonly tarball: Buffer
}

/**
 * Packs every package and serves the tarballs on loopback with npm's registry protocol, so that any package manager can install
 * them by name. It has no other packages: configure it only for the scope `@context-store`.
 */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const published = await pack()
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    const name = path.replace(/\.tgz$/, '')
    const found = published.get(name)
    if (found === undefined) return response.writeHead(404).end('{}')
    if (path !== name) return response.end(found.tarball)
    const { version } = found.manifest
    const dist = {
      tarball: `http://${request.headers.host}/${name}.tgz`,
      integrity: `sha512-${createHash('sha512').update(found.tarball).digest('base64')}`,
      shasum: createHash('sha1').update(found.tarball).digest('hex'),
    }
    const versions = { [version]: { ...found.manifest, dist } }
    // Long ago: package managers refuse versions that are only hours old.
    const time = { [version]: '2020-01-01T00:00:00.000Z' }
    response.setHeader('content-type', 'application/json')
    return response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions, time }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the registry has no port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function pack(): Promise<Map<string, Published>> {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-tarballs-'))
  try {
    const paths = packageFolders.map((path) => `./${path}`)
    const { stdout } = await run(
      'npm',
      ['pack', ...paths, '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: fileURLToPath(new URL('..', import.meta.url)) },
    )
    const tarballs: { name: string; filename: string }[] = JSON.parse(stdout)
    const read = tarballs.map(async ({ name, filename }) => {
      const tarball = await readFile(join(folder, filename))
      return [name, { manifest: manifestOf(name.replace('@context-store/', 'packages/')), tarball }] as const
    })
    return new Map(await Promise.all(read))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
