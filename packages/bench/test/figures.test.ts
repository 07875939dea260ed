import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const { picture } = await import(new URL('../src/figures.mjs', import.meta.url).href)
const doc = (name: string) => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

test('the picture in the README is drawn from the recorded runs', async () => {
  expect(await doc('performance.svg')).toBe(picture(JSON.parse(await doc('performance-runs.json'))))
})

test('`picture` shows the range of all runs, and the bare engine as the full width', () => {
  const run = (ratioToLimit: number, ratioToBestPeer: number) => ({
    'SQLite: patch': { ratioToLimit, ratioToBestPeer },
  })
  const runs = [run(0.5, 4), run(0.25, 12)].map((figures) => ({ figures }))
  const line = picture(runs)
    .split('\n')
    .find((text: string) => text.includes('SQLite: patch<'))
  const widths = Array.from(line.matchAll(/class="(\w+)".*?width="(\d+)"/g), (match: string[]) => [
    match[1],
    Number(match[2]),
  ])
  const { limit, best, worst } = Object.fromEntries(widths)
  expect([best / limit, worst / limit]).toEqual([0.5, 0.25])
  expect(line).toContain('0.25 to 0.50')
  expect(line).toContain('4.0 to 12 ×')
})
