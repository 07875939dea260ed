// The table within Jest, whose test files have globals of their own and share Node's modules.
import { besideOf } from './beside.mjs'
import { neighbours } from './neighbours.mjs'

test.each(Object.keys(neighbours))('beside %s', async (name) => {
  expect(await besideOf(neighbours[name])).toEqual([])
})
