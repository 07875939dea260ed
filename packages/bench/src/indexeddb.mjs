// The store in Chromium's IndexedDB, compared with a bare transaction.
import { fileURLToPath } from 'node:url'
import { measureInPage } from './in-page.mjs'

const page = fileURLToPath(new URL('indexeddb-page.mjs', import.meta.url))

export function indexeddb(run) {
  return measureInPage(page, run)
}
