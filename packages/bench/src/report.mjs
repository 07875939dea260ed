// The results as a table, as JSON, and as the table of docs/performance.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { round3 } from './measure.mjs'
import { targets } from './targets.mjs'

const page = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url))
const [begin, end] = ['<!-- bench -->', '<!-- /bench -->']

/** A row as JSON, for programs. */
export function jsonLine(row) {
  const { backend, operation, candidate, role, opsPerSecond, p50, p99, ratioToLimit, ratioToBestPeer } = row
  const { runs, spread, note, value = null, unit = null } = row
  return JSON.stringify({
    backend,
    operation,
    candidate,
    role,
    opsPerSecond,
    p50,
    p99,
    ratioToLimit,
    ratioToBestPeer,
    runs,
    spread,
    value,
    unit,
    note,
  })
}

/** All rows as a table, followed by the targets, met or missed. */
export function table(rows) {
  const lines = rows.map((row) => [
    `${row.backend} ${row.operation}`,
    row.candidate,
    row.opsPerSecond === null ? `${row.value} ${row.unit}` : thousands(row.opsPerSecond),
    row.p50 === null ? '' : `${row.p50}`,
    row.p99 === null ? '' : `${row.p99}`,
    row.ratioToLimit === null ? '' : `${row.ratioToLimit}`,
    row.ratioToBestPeer === null ? '' : `${row.ratioToBestPeer}`,
    row.spread === 0 ? '' : `${Math.round(row.spread * 100)} %`,
    row.note,
  ])
  const head = [
    'work',
    'candidate',
    'a second',
    'p50 us',
    'p99 us',
    'to the limit',
    'to the best peer',
    'spread',
    '',
  ]
  const verdicts = verdictsOn(rows)
  return `${columns([head, ...lines])}\n\nTargets:\n${columns(verdicts)}`
}

/** Replaces the table in docs/performance.md. */
export function writePage(rows) {
  const text = readFileSync(page, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`docs/performance.md: it needs ${begin}, followed by ${end}`)
  const ours = rows.filter(({ role, ratioToLimit }) => role === 'ours' && ratioToLimit !== null)
  const lines = ours.map(
    (row, at) =>
      `| ${row.backend} | ${workOf(row, ours.slice(0, at))} | ${thousands(row.opsPerSecond)} | ${row.ratioToLimit} | ${row.ratioToBestPeer ?? ''} |`,
  )
  const written = [
    begin,
    '',
    '| | | a second | to the bare engine | to the best peer |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
  writeFileSync(page, text.slice(0, from) + written + text.slice(to))
}

/** What a row is about; with the candidate if an earlier row is about the same work. */
function workOf({ backend, operation, candidate }, before) {
  const isSecond = before.some((row) => row.backend === backend && row.operation === operation)
  return isSecond ? `${operation}, ${candidate}` : operation
}

function verdictsOn(rows) {
  const find = (backend, operation, role) =>
    rows.find((other) => other.role === role && other.backend === backend && other.operation === operation)
  return targets.flatMap(({ backend, operation, limit, peer, most, times, of }) => {
    const row = find(backend, operation, 'ours')
    const other = of && find(backend, of.operation, of.role)
    if (row === undefined || (of !== undefined && other === undefined)) return []
    const factor = other && round3(cost(row) / cost(other))
    const verdict = (found, wanted, isMet) => [isMet ? 'met' : 'missed', `${found}`, wanted]
    return [
      ...(limit === undefined
        ? []
        : [verdict(row.ratioToLimit, `>= ${limit} of the limit`, row.ratioToLimit >= limit)]),
      ...(peer === undefined || row.ratioToBestPeer === null
        ? []
        : [verdict(row.ratioToBestPeer, `>= ${peer} of the best peer`, row.ratioToBestPeer >= peer)]),
      ...(times === undefined
        ? []
        : [verdict(factor, `<= ${times} times ${of.operation}, ${other.candidate}`, factor <= times)]),
      ...(most === undefined ? [] : [verdict(row.value, `<= ${most} ${row.unit}`, row.value <= most)]),
    ].map((line) => [`${backend} ${operation}`, ...line])
  })
}

/** The cost in a row: time per operation, or its value. */
function cost({ value, opsPerSecond }) {
  return value ?? 1 / opsPerSecond
}

function columns(lines) {
  const widths = lines.reduce(
    (most, line) => line.map((cell, at) => Math.max(most[at] ?? 0, cell.length)),
    [],
  )
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function thousands(rate) {
  return rate >= 10_000 ? `${Math.round(rate / 1000)} k` : `${rate}`
}
