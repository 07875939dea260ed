// A folder that is gone when the bench is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes one, and takes it away with the process. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'context-store-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
