import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkHistories } from '@context-store/conformance/histories'
import { expect, onTestFinished, test } from 'vitest'

const open = new URL('fixtures/open-faulty-store.mjs', import.meta.url)
const seed = Number(process.env.HISTORY_SEED ?? Math.floor(Math.random() * 2 ** 31))

function freshFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'context-store-faults-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'shared.db')
}

test.each([
  'lost update',
  'get and set instead of a patch',
  'torn patch',
  'stale read',
  'resurrected delete',
  'condition outside the atom',
  'overtaken second round',
  'late repeat',
])(`\`checkHistories\` with a process and a thread finds: %s (HISTORY_SEED=${seed})`, async (fault) => {
  const data = { path: freshFile(), fault }
  const checked = checkHistories({ open, data, processes: 1, threads: 1, calls: 300, seed })
  await expect(checked).rejects.toThrow(
    /^no order of the calls on session .* explains the answer marked with ×/,
  )
})

test('`checkHistories` fails if a call fails and nothing is killed or disturbed', async () => {
  const data = { path: freshFile(), fault: 'refusal' }
  const checked = checkHistories({ open, data, processes: 1, threads: 1, calls: 20 })
  await expect(checked).rejects.toThrow(/^patch failed with code 'unavailable'/)
})

test('`checkHistories` fails if the module cannot open a store, and leaves no process behind', async () => {
  const data = { path: join(freshFile(), 'no-folder', 'shared.db'), fault: 'late repeat' }
  const checked = checkHistories({ open, data, processes: 2, threads: 1, calls: 20 })
  await expect(checked).rejects.toThrow(/^client \w+: cannot open the store/)
})
