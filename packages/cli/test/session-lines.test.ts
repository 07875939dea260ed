import { readFile } from 'node:fs/promises'
import { memoryStore } from '@context-store/memory'
import { restStore } from '@context-store/rest/client'
import { startContextService } from '@context-store/rest/testing'
import { expect, onTestFinished, test } from 'vitest'
import { counted } from '../../rest/test/counted-store.ts'
import { sessionLines } from '../src/session-lines.ts'
import { writeState } from '../src/state-file.ts'
import { programs } from './program.ts'

const { inFolder } = programs()

const ids = Array.from({ length: 250 }, (_, index) => `s${index}`)
const state = { a: { n: Object.fromEntries(ids.map((id) => [id, { id }])) } }
const lines = ids.map((id) => ({ session: id, properties: { id } }))

async function filled() {
  const store = memoryStore()
  onTestFinished(() => store.close())
  for (const id of ids) await store.session({ account: 'a', namespace: 'n', session: id }).patch({ id })
  const info = await store.account('a').namespace('n').info()
  if (info === undefined) throw new Error('the namespace is missing')
  return { ...counted(store), info }
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

test('`sessionLines` lists sessions with their properties, without a read for each', async () => {
  const { store, calls, info } = await filled()
  expect(await collected(sessionLines(store, 'a', info))).toEqual(lines)
  expect(calls).toEqual([['sessions', { properties: true }]])
})

test('`writeState` lists sessions with their properties, without a read for each', async () => {
  const { store, calls } = await filled()
  await writeState(store, inFolder('state.json'))
  expect(JSON.parse(await readFile(inFolder('state.json'), 'utf8'))).toEqual(state)
  expect(calls).toEqual([['accounts'], ['namespaces'], ['sessions', { properties: true }]])
})

test('`sessionLines` of a REST service lists the ids and reads every session', async () => {
  const service = await startContextService({ state })
  const store = restStore({ baseUrl: service.url, apiKey: 'any' })
  onTestFinished(async () => {
    await store.close()
    await service.close()
  })
  const { info } = await filled()
  expect(await collected(sessionLines(store, 'a', info))).toEqual(lines)
  const paths = service.requests.map(({ path }) => path)
  expect(paths.filter((path) => path.includes('/session-ids'))).toHaveLength(1)
  expect(paths).toHaveLength(251)
})
