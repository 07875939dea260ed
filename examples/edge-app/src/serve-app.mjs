import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { startContextService } from '@context-store/rest/testing'
import { build } from 'esbuild'

/** Serves the page and its script, and starts a double of the service. */
export async function serveApp({ port = 0 } = {}) {
  const html = await readFile(new URL('index.html', import.meta.url), 'utf8')
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('shop.mjs', import.meta.url))],
    bundle: true,
    format: 'esm',
    minify: true,
    write: false,
  })
  const server = createServer((request, response) => {
    const isScript = request.url === '/shop.mjs'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(isScript ? outputFiles[0].text : html.replace('SERVICE', service.url))
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const url = `http://localhost:${server.address().port}`
  const service = await startContextService({ cors: url })
  return {
    url,
    service,
    /** Makes the service answer writes with a status. A page can read a response from another origin only with this header. */
    refuse(status, times) {
      const headers = { 'access-control-allow-origin': url }
      service.fault({ status, headers, times, match: { method: 'PATCH' } })
    },
    async close() {
      server.close().closeAllConnections()
      await service.close()
    },
  }
}
