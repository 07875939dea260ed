import { KeyedLocks } from '@context-store/core'
import { expect, test } from 'vitest'

test('a queue starts works in their order, those that share side by side', async () => {
  const locks = new KeyedLocks()
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name}+`)
    await new Promise(setImmediate)
    events.push(`${name}-`)
    if (name === 'fails') throw new Error(name)
  }
  const ends = [
    locks.share('key', work('a')),
    locks.share('key', work('b')),
    locks.exclude('key', work('c')),
    locks.share('key', work('d')),
    locks.exclude('key', work('fails')).catch(() => undefined),
    locks.share('key', work('e')),
    locks.exclude('other', work('x')),
  ]
  await Promise.all(ends)
  expect(events.filter((event) => !event.startsWith('x')).join(' ')).toBe(
    'a+ b+ a- b- c+ c- d+ d- fails+ fails- e+ e-',
  )
  expect(events.indexOf('x+')).toBeLessThan(events.indexOf('a-'))
})
