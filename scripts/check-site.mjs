// Checks every internal link of the documentation site; the last step of `npm run docs`.
import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const site = fileURLToPath(new URL('../docs/api', import.meta.url))
const pages = (await readdir(site, { recursive: true })).filter((path) => path.endsWith('.html'))
const texts = new Map(pages.map((path) => [path, readFileSync(join(site, path), 'utf8')]))

const dead = []
for (const [page, text] of texts) {
  for (const [, href] of text.matchAll(/<a [^>]*href="([^"]+)"/g)) {
    if (/^[a-z]+:/.test(href)) continue
    const [path, fragment] = decodeURI(href.replaceAll('&amp;', '&')).split('#')
    const target = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(site, target))) dead.push(`${page}: ${href}`)
    else if (fragment && texts.has(target) && !hasAnchor(texts.get(target), fragment))
      dead.push(`${page}: ${href}`)
  }
}
for (const link of [...new Set(dead)].sort()) console.error(`dead link: ${link}`)
console.log(`${pages.length} pages, ${new Set(dead).size} dead links`)
process.exitCode = dead.length > 0 ? 1 : 0

function hasAnchor(text, fragment) {
  return text.includes(`id="${fragment}"`) || text.includes(`id="${fragment.toLowerCase()}"`)
}
