import { type Expected, type JsonValue, present } from '@context-store/core'
import {
  type CheckedAddress,
  type Condition,
  createStore,
  type WriteOutcome,
} from '@context-store/core/adapter'
import { expect, test } from 'vitest'
import { MapAdapter } from './map-adapter.ts'

const noChange = { names: [], values: {} }
const plain = { changes: noChange, removes: false, nests: false, ttlSeconds: undefined, lengthBound: 0 }

/** An engine that compares texts; whenever it refuses a condition, a rival writes `turns` before the next call. */
class RivalAdapter extends MapAdapter {
  #turns = 0

  override async patch(
    address: CheckedAddress,
    request: Parameters<MapAdapter['patch']>[1],
  ): Promise<WriteOutcome> {
    const refused = await this.#refusal(address, request.expected)
    return refused ?? super.patch(address, { ...request, expected: undefined })
  }

  override async clearSession(
    address: CheckedAddress,
    expected: Condition | undefined,
  ): Promise<WriteOutcome> {
    const refused = await this.#refusal(address, expected)
    return refused ?? super.clearSession(address, undefined)
  }

  async #refusal(address: CheckedAddress, expected: Condition | undefined): Promise<WriteOutcome> {
    if (expected === undefined) return undefined
    const { names, values } = expected
    const current = await this.readProperties(address, names)
    const textOf = (value: JsonValue | symbol | undefined): string | undefined => JSON.stringify(value)
    const holds = names.every(
      (name) => values[name] === present || textOf(values[name]) === textOf(current[name]),
    )
    if (holds) return undefined
    const changes = { names: ['turns'], values: { turns: ++this.#turns } }
    await super.patch(address, { ...plain, changes, expected: undefined })
    return current
  }
}

const inOtherOrder: Expected = { cart: { b: 2, a: 1 }, turns: present }

test('a retried condition still requires only that a `present` property exists', async () => {
  const store = createStore((rules) => new RivalAdapter(rules))
  const session = store.session({ account: 'a', namespace: 'n' })
  await session.patch({ cart: { a: 1, b: 2 }, turns: 0 })
  expect(await session.patchIf(inOtherOrder, { done: true })).toEqual({ ok: true })
  expect(await session.clearIf(inOtherOrder)).toEqual({ ok: true })
  expect(await session.getAll()).toEqual({})
})
