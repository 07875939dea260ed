// `npm run bench [-- memory sqlite redis indexeddb offline bridges http start size] [--json] [--short] [--write]`
import { parseArgs } from 'node:util'
import { writePicture } from './figures.mjs'
import { paces } from './measure.mjs'
import { installPeers } from './peers.mjs'
import { jsonLine, table, writePage } from './report.mjs'

const sections = ['memory', 'sqlite', 'redis', 'indexeddb', 'offline', 'bridges', 'http', 'start', 'size']
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, short: { type: 'boolean' }, write: { type: 'boolean' } },
})
const unknown = positionals.find((name) => !sections.includes(name))
if (unknown !== undefined) {
  console.error(`bench: unknown section ${JSON.stringify(unknown)}: choose from ${sections.join(', ')}`)
  process.exit(2)
}
if (values.write && (values.short || positionals.length > 0)) {
  console.error('bench: --write needs a complete run: omit --short and the sections')
  process.exit(2)
}
const pace = values.short ? paces.short : paces.full
const chosen = positionals.length === 0 ? sections : sections.filter((name) => positionals.includes(name))
const say = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

installPeers(say)
const rows = []
for (const name of chosen) {
  const { [name]: run } = await import(`./${name}.mjs`)
  const found = await run({ pace, progress: say })
  if (values.json) for (const row of found) console.log(jsonLine(row))
  rows.push(...found)
}
say('')
if (!values.json) console.log(table(rows))
if (values.write) {
  writePage(rows)
  writePicture(rows)
}
process.exit(0)
