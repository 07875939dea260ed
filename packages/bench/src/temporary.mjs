// A folder that is deleted when the bench ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Creates a folder, and deletes it when the process ends. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'context-store-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
