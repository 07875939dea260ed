import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { seededNumbers } from '../../conformance/src/seeded-numbers.ts'
import { temporaryFolder } from './temporary.ts'
import { inspectRounds, roundsWriter } from './written-rounds.ts'

const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31))
const kills = Number(process.env.KILLS ?? 50)

/** A process that writes rounds until it is killed. */
interface Writer {
  readonly name: string
  /** The last round that it has acknowledged. */
  acknowledged(): number
  readonly ended: Promise<unknown>
  /** Kills it, and waits for its last acknowledgement. */
  kill(): Promise<void>
}

function startWriter(path: string, name: string, first: number, onAcknowledged: () => void): Writer {
  const child = spawn(process.execPath, [roundsWriter, path, 'full', `${first}`, 'Infinity', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const exit = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const ended = once(lines, 'close')
  let last = first - 1
  lines.on('line', (line) => {
    // If the kill cuts off the last line, it is a smaller number, which was acknowledged long before.
    last = Math.max(last, Number(line.slice(name.length + 1)))
    onAcknowledged()
  })
  return {
    name,
    acknowledged: () => last,
    ended,
    kill: async () => {
      child.kill('SIGKILL')
      expect(await exit).toEqual([null, 'SIGKILL'])
      await ended
    },
  }
}

test(`kill -9 at ${kills} moments, of one writer and of several (KILL_SEED=${seed}), loses no acknowledged write, and no write is applied in part`, async () => {
  const path = join(temporaryFolder(), 'killed.db')
  const random = seededNumbers(seed)
  const next = new Map(['a', 'b', 'c'].map((name) => [name, 1]))
  let killed = 0
  let writtenRounds = 0
  while (killed < kills) {
    const names = [...next.keys()].slice(0, random() < 0.5 ? 1 : 3)
    // Kills after a number of acknowledgements by any of the writers, because one of them may wait long for the lock.
    let awaited = 0
    let reached = () => {}
    const onAcknowledged = () => {
      awaited -= 1
      if (awaited <= 0) reached()
    }
    const writers = names.map((name) => startWriter(path, name, next.get(name) ?? 1, onAcknowledged))
    for (const [index, writer] of writers.entries()) {
      awaited = 1 + Math.floor(random() * 20)
      const enough = new Promise<void>((resolve) => {
        reached = resolve
      })
      await Promise.race([enough, writer.ended])
      await delay(random() * 10)
      await writer.kill()
      killed += 1
      const promised = writers.map((each) => each.acknowledged())
      inspectRounds(path, (rounds) => {
        const last = rounds.endedAt(writer.name)
        writtenRounds += last + 1 - (next.get(writer.name) ?? 1)
        next.set(writer.name, last + 1)
        for (const [other, { name }] of writers.entries()) {
          const found = other <= index ? rounds.endedAt(name) : rounds.lastOf(name)
          expect(found).toBeGreaterThanOrEqual(promised[other] ?? Number.NaN)
        }
      })
    }
  }
  console.log({ killed, writtenRounds })
}, 1_800_000)
