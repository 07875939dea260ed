import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { memoryStore } from '@context-store/memory'
import { serve } from '@context-store/rest/node'
import { expect, test } from 'vitest'

/** How many files, including connections, a process may have open. */
function openFiles(): number {
  const { userLimits } = process.report.getReport() as {
    userLimits: { open_files: { soft: number | 'unlimited' } }
  }
  const { soft } = userLimits.open_files
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft
}

// 10,000 connections, or as many as the system allows. The clients run in another process, since each connection is an
// open file at both ends.
const count = Math.min(10_000, openFiles() - 300)

test(`${count} idle connections do not block others, and end with the server`, async () => {
  expect(count).toBeGreaterThan(500)
  const server = await serve({ store: memoryStore(), requestTimeoutMs: 120_000 })
  const { port, hostname } = new URL(server.url)
  const script = fileURLToPath(new URL('idle-clients.mjs', import.meta.url))
  const clients = spawn(process.execPath, [script, hostname, port, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const exited = once(clients, 'exit')
    const said = once(clients.stdout, 'data').then(([text]) => String(text))
    expect(await Promise.race([said, exited])).toBe('connected\n')
    const headers = { 'maven-api-key': 'any', 'content-type': 'application/json' }
    const url = `${server.url}/v1/account/a/n/properties`
    expect((await fetch(url, { method: 'PATCH', headers, body: '{"a":1}' })).status).toBe(204)
    expect(await (await fetch(url, { headers })).json()).toEqual({ a: 1 })
    await server.close()
    // The clients exit when all their connections have ended.
    expect(await exited).toEqual([0, null])
  } finally {
    clients.kill()
    await server.close()
  }
})
