// The eight main figures as a picture: docs/performance.svg, drawn from all runs in docs/performance-runs.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'

const docs = new URL('../../../docs/', import.meta.url)
const runsPath = fileURLToPath(new URL('performance-runs.json', docs))
const picturePath = fileURLToPath(new URL('performance.svg', docs))

/** The rows of the bench that the picture shows, and their titles. */
export const figures = [
  { title: 'Memory: patch', backend: 'memory', operation: 'async patch3' },
  { title: 'Memory: read one property', backend: 'memory', operation: 'async getOne' },
  { title: 'SQLite: patch', backend: 'sqlite', operation: 'sync patch3, NORMAL' },
  { title: 'SQLite: read a session', backend: 'sqlite', operation: 'sync getAll, NORMAL' },
  {
    title: 'SQLite: durable patches, 64 at a time',
    backend: 'sqlite',
    operation: 'patch3, FULL, 64 under way',
  },
  { title: 'Redis: patches, 64 at a time', backend: 'redis', operation: 'patch3, 64 under way' },
  { title: 'REST server: PATCH', backend: 'http', operation: 'PATCH' },
  {
    title: 'REST double: start, one call, close',
    backend: 'start',
    operation: 'double: start, one call, close',
  },
]

/** Adds a run to the recorded runs, and draws all of them. */
export function writePicture(rows) {
  const runs = JSON.parse(readFileSync(runsPath, 'utf8'))
  runs.push({ date: new Date().toISOString().slice(0, 10), machine: machine(), figures: recorded(rows) })
  writeFileSync(runsPath, `${JSON.stringify(runs, undefined, 2)}\n`)
  writeFileSync(picturePath, picture(runs))
}

function machine() {
  const processors = cpus()
  return `${processors.length} cores, ${processors[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`
}

function recorded(rows) {
  return Object.fromEntries(
    figures.flatMap(({ title, backend, operation }) => {
      const ours = rows.find(
        (row) => row.role === 'ours' && row.backend === backend && row.operation === operation,
      )
      if (ours === undefined) return []
      const { opsPerSecond, ratioToLimit, ratioToBestPeer, value = null } = ours
      return [[title, { opsPerSecond, ratioToLimit, ratioToBestPeer, milliseconds: value }]]
    }),
  )
}

/** Draws runs: for each figure a bar up to the worst run, a lighter one up to the best, and the numbers. */
export function picture(runs) {
  const [left, bar, height, top] = [300, 260, 34, 64]
  const lines = figures.map(({ title }, index) => {
    const of = (name) => runs.flatMap(({ figures }) => figures[title]?.[name] ?? [])
    const ratios = of('ratioToLimit')
    const y = top + index * height
    const rest = (from) => `<text x="${from}" y="${y + 15}">`
    const label = `<text x="${left - 12}" y="${y + 15}" text-anchor="end">${title}</text>`
    if (ratios.length === 0) return `${label}${rest(left)}${range(of('milliseconds'))} ms</text>`
    const scaled = (ratio) => Math.round(Math.min(ratio, 1) * bar)
    const [least, most] = [scaled(Math.min(...ratios)), scaled(Math.max(...ratios))]
    const peers = of('ratioToBestPeer')
    return [
      label,
      `<rect class="limit" x="${left}" y="${y}" width="${bar}" height="20"/>`,
      `<rect class="best" x="${left}" y="${y}" width="${most}" height="20"/>`,
      `<rect class="worst" x="${left}" y="${y}" width="${least}" height="20"/>`,
      `${rest(left + bar + 12)}${range(ratios)}</text>`,
      `${rest(left + bar + 130)}${peers.length === 0 ? '' : `${range(peers)} ×`}</text>`,
    ].join('')
  })
  const bottom = top + figures.length * height
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 ${bottom + 20}" role="img" font-family="system-ui, sans-serif" font-size="14">
<title>Operations per second, compared with the bare engine and with the best other library</title>
<style>
text { fill: #24292f } .head { font-weight: 600 } .limit { fill: #d0d7de } .best { fill: #6cb6ff } .worst { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .limit { fill: #30363d } .best { fill: #1f6feb } .worst { fill: #79c0ff } }
</style>
<text class="head" x="${left}" y="24">share of the bare engine's speed</text>
<text class="head" x="${left + bar + 130}" y="24">times the best</text>
<text class="head" x="${left + bar + 130}" y="42">other library</text>
<text x="${left}" y="46">dark: worst run; light: best of ${runs.length}</text>
${lines.join('\n')}
</svg>
`
}

/** The lowest and the highest value, or just one if they are equal. */
function range(values) {
  const shown = (value) => (value < 10 ? value.toPrecision(2) : String(Math.round(value)))
  const [least, most] = [shown(Math.min(...values)), shown(Math.max(...values))]
  return least === most ? least : `${least} to ${most}`
}
