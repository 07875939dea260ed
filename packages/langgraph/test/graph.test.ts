import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ContextStoreCache, ContextStoreMemories, ContextStoreSaver } from '@context-store/langgraph'
import type { RunnableConfig } from '@langchain/core/runnables'
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { expect, onTestFinished, test } from 'vitest'
import { onEachStore } from '../../../test/stores.ts'

test('another process resumes a graph with parallel nodes that waits for an answer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'langgraph-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const program = fileURLToPath(new URL('fixtures/run-graph.mjs', import.meta.url))
  const run = (input: object) =>
    JSON.parse(
      execFileSync(process.execPath, [program, join(folder, 'agent.db'), JSON.stringify(input)], {
        encoding: 'utf8',
      }),
    )
  const waiting = run({ steps: ['asked'] })
  expect(waiting.steps).toEqual(['asked', 'price', 'stock'])
  expect(waiting.__interrupt__).toMatchObject([{ value: 'May I order?' }])
  expect(run({ resume: 'Ann' })).toMatchObject({
    steps: ['asked', 'price', 'stock', 'approved by Ann'],
    file: [0, 255, 128],
  })
})

onEachStore((open) => {
  test('a copied checkpoint continues like the original, also the first one', async () => {
    const State = Annotation.Root({
      log: Annotation<string[]>({ reducer: (all, more) => all.concat(more), default: () => [] }),
    })
    const graph = new StateGraph(State)
      .addNode('a', () => ({ log: ['a'] }))
      .addNode('b', () => ({ log: ['b'] }))
      .addEdge(START, 'a')
      .addEdge('a', 'b')
      .addEdge('b', END)
      .compile({ checkpointer: new ContextStoreSaver(open().account('agent')) })
    const config = { configurable: { thread_id: 't' } }
    await graph.invoke({ log: ['asked'] }, config)
    const states: RunnableConfig[] = []
    for await (const state of graph.getStateHistory(config)) states.push(state.config)
    expect(states).toHaveLength(4)
    for (const state of states.slice(1)) {
      const copy = await graph.updateState(state, null, '__copy__')
      expect(await graph.invoke(null, copy)).toEqual({ log: ['asked', 'a', 'b'] })
    }
  })

  test('a graph keeps its state, its cached nodes and its memories', async () => {
    const store = open()
    const account = store.account('agent')
    const State = Annotation.Root({ question: Annotation<string>(), answer: Annotation<string>() })
    let computed = 0
    const compile = () =>
      new StateGraph(State)
        .addNode(
          'respond',
          async ({ question }, config) => {
            computed++
            await config.store?.put(['users', 'ann'], question, { asked: true })
            return { answer: `${question}!` }
          },
          { cachePolicy: { ttl: 60 } },
        )
        .addEdge(START, 'respond')
        .addEdge('respond', END)
        .compile({
          checkpointer: new ContextStoreSaver(account),
          cache: new ContextStoreCache(account),
          store: new ContextStoreMemories(store.account('memories')),
        })
    const ask = (thread: string) =>
      compile().invoke({ question: 'tea' }, { configurable: { thread_id: thread } })
    expect(await ask('one')).toEqual({ question: 'tea', answer: 'tea!' })
    expect(await ask('two')).toEqual({ question: 'tea', answer: 'tea!' })
    expect(computed).toBe(1)
    expect(await compile().getState({ configurable: { thread_id: 'one' } })).toMatchObject({
      values: { question: 'tea', answer: 'tea!' },
    })
    const memories = new ContextStoreMemories(store.account('memories'))
    expect(await memories.get(['users', 'ann'], 'tea')).toMatchObject({ value: { asked: true } })
  })
})
