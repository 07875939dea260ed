// The process has run, or will run, another file with other globals; Node's modules are the same in both.
import { besideOf } from './beside.mjs'
import { neighbours } from './neighbours.mjs'

test.each(['MSW 2', 'nock 13', 'a second double'])('beside %s, in a file of its own', async (name) => {
  expect(await besideOf(neighbours[name])).toEqual([])
})
