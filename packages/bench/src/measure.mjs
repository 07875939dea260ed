// How things are measured: the candidates take turns for several rounds, and the figure is the median of each.

/** How long and how often to measure. A short run only shows that everything works. */
export const paces = {
  full: { roundMs: 300, rounds: 9, latencies: 4000, sessions: 10_000, isShort: false },
  short: { roundMs: 20, rounds: 2, latencies: 100, sessions: 500, isShort: true },
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}

/**
 * Measures candidates that do the same work; in each round, every candidate once.
 *
 * A candidate has: `name`; `role`: 'limit' (the bare engine), 'ours' or 'peer'; `isPeerThatDoes`: whether it does the
 * job that the figure is about (default: true); `call(i)`, which returns a promise unless `isSync`; `batch`: the number
 * of operations in one call (default: 1); `most`: the maximum of calls in a round, if they fill memory; `verify()`,
 * which throws if the result is incomplete, or returns a text if something was lost.
 */
export async function compare({ backend, operation, candidates, underWay = 1, pace, progress }) {
  const states = candidates.map((candidate) => ({ candidate, rates: [], calls: 0, count: 1 }))
  for (const state of states) {
    progress(`${backend} ${operation}: ${state.candidate.name}`)
    await warmUp(state, underWay, pace)
  }
  for (let round = 0; round < pace.rounds; round++) {
    for (const state of states) {
      globalThis.gc?.()
      state.rates.push(await run(state, underWay, state.count))
    }
  }
  const rows = []
  for (const state of states) {
    const { candidate, rates } = state
    const times = await latencies(state, underWay, pace)
    rows.push({
      backend,
      operation,
      candidate: candidate.name,
      role: candidate.role,
      isPeerThatDoes: candidate.isPeerThatDoes ?? true,
      opsPerSecond: Math.round(median(rates)),
      p50: round3(percentile(times, 0.5)),
      p99: round3(percentile(times, 0.99)),
      runs: rates.length,
      spread: round3((Math.max(...rates) - Math.min(...rates)) / median(rates)),
      note: (await candidate.verify?.()) ?? '',
    })
  }
  return withRatios(rows)
}

/** Adds to each row its ratio to the limit, and to the best peer that does the same. */
export function withRatios(rows) {
  const limit = rows.find(({ role }) => role === 'limit')?.opsPerSecond
  const peers = rows.filter(({ role, isPeerThatDoes }) => role === 'peer' && isPeerThatDoes)
  const best = peers.length === 0 ? undefined : Math.max(...peers.map(({ opsPerSecond }) => opsPerSecond))
  return rows.map(({ isPeerThatDoes: _, ...row }) => ({
    ...row,
    ratioToLimit: limit === undefined ? null : round3(row.opsPerSecond / limit),
    ratioToBestPeer: best === undefined || row.role !== 'ours' ? null : round3(row.opsPerSecond / best),
  }))
}

/** The latencies, in microseconds, of calls made at a steady rate, whether or not earlier calls have finished. */
export async function steady(call, perSecond, milliseconds) {
  const times = []
  const pending = []
  const begun = performance.now()
  const due = (i) => begun + (i * 1000) / perSecond
  for (let i = 0; due(i) < begun + milliseconds; ) {
    while (due(i) <= performance.now()) {
      const at = due(i)
      pending.push(Promise.resolve(call(i)).then(() => times.push((performance.now() - at) * 1000)))
      i++
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(pending)
  return times
}

export function round3(value) {
  return Number(value.toPrecision(3))
}

async function warmUp(state, underWay, pace) {
  // Until the count fills a round, which also warms up the compiler.
  for (;;) {
    const rate = await run(state, underWay, state.count)
    const { batch = 1, most = Number.POSITIVE_INFINITY } = state.candidate
    const wanted = Math.min(most, Math.max(underWay, Math.ceil((rate * pace.roundMs) / 1000 / batch)))
    const filled = state.count >= wanted / 2
    state.count = Math.min(wanted, state.count * 8)
    if (filled) return
  }
}

async function run(state, underWay, count) {
  const { call, isSync, batch = 1 } = state.candidate
  const begun = performance.now()
  if (isSync) {
    for (let i = 0; i < count; i++) call(state.calls++)
  } else {
    let left = count
    const one = async () => {
      while (left-- > 0) await call(state.calls++)
    }
    await Promise.all(Array.from({ length: underWay }, one))
  }
  return (count * batch * 1000) / (performance.now() - begun)
}

/** Times calls one by one, in microseconds; separately from the rounds, so that these do not pay for the clock. */
async function latencies(state, underWay, pace) {
  const { call, isSync } = state.candidate
  const times = []
  let left = Math.max(underWay, Math.min(pace.latencies, state.count * 4))
  const timed = async () => {
    while (left-- > 0) {
      const begun = performance.now()
      if (isSync) call(state.calls++)
      else await call(state.calls++)
      times.push((performance.now() - begun) * 1000)
    }
  }
  await Promise.all(Array.from({ length: underWay }, timed))
  return times
}
