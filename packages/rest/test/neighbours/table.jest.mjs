// All neighbours in Jest, whose test files have their own globals and share Node's modules.
import { besideOf } from './beside.mjs'
import { neighbours } from './neighbours.mjs'

test.each(Object.keys(neighbours))('with %s', async (name) => {
  expect(await besideOf(neighbours[name])).toEqual([])
})
