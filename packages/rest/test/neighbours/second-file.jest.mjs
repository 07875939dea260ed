// The same process also runs the other file, with other globals and the same Node modules.
import { besideOf } from './beside.mjs'
import { neighbours } from './neighbours.mjs'

test.each(['MSW 2', 'nock 13', 'a second double'])('with %s, in another test file', async (name) => {
  expect(await besideOf(neighbours[name])).toEqual([])
})
