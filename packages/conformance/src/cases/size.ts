import { absent, type JsonValue } from '@context-store/core'
import { holds, refuses, same } from '../check.ts'
import type { ConformanceCase } from '../conformance-case.ts'

const row = 'size'

/** Texts, and the length of each in compact JSON, in UTF-16 units. */
const units: readonly (readonly [text: string, length: number])[] = [
  ['a', 1],
  ['é', 1],
  ['語', 1],
  ['\u2028', 1],
  ['\u{1f600}', 2],
  ['"', 2],
  ['\\', 2],
  ['\n', 2],
  ['/', 1],
  ['\u0001', 6],
  ['\u007f', 1],
]

/** A value whose session `{"p":value}` has exactly this length in UTF-16 units, filled with repetitions of `text`. */
function filled(text: string, each: number, documentLength: number): string {
  const room = documentLength - '{"p":""}'.length
  return text.repeat(Math.floor(room / each)) + 'a'.repeat(room % each)
}

/** The cases of the row "size". */
export const sizeCases: readonly ConformanceCase[] = [
  {
    row,
    name: 'a session has up to 800,000 characters of compact JSON, or up to the engine’s own limit',
    run: async ({ open, documentLength }) => {
      holds(documentLength <= 800_000, 'a session may have more than 800,000 characters')
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      await refuses(
        () => session.patch({ p: filled('a', 1, documentLength + 1) }),
        'too-large',
        'patch() one past the limit',
      )
      same(await session.getAll(), {}, 'getAll() after a refused patch')
      holds((await namespace.info()) === undefined, 'a refused patch created the namespace')
      const most = filled('語', 1, documentLength)
      await session.patch({ p: most })
      same(await session.get('p'), most, 'get()')
      await refuses(() => session.patch({ q: 1 }), 'too-large', 'patch() past the limit')
      same((await session.getAll()).q, undefined, 'what was refused')
      await session.patch({ p: 'short', q: 1 })
      same(await session.getAll(), { p: 'short', q: 1 }, 'getAll() after it was made short')
    },
  },
  {
    row,
    name: 'counts UTF-16 units of compact JSON, including escapes',
    needs: ['limits'],
    run: async ({ open }) => {
      const namespace = (await open({ limits: { documentLength: 120 } })).account('a').namespace('n')
      for (const [text, each] of units) {
        const what = `of ${JSON.stringify(text)}`
        const session = namespace.session(`session ${what}`)
        const fits = filled(text, each, 120)
        await session.patch({ p: fits })
        same(await session.getAll(), { p: fits }, `getAll() ${what}`)
        const past = filled(text, each, 121)
        await refuses(() => session.patch({ p: past }), 'too-large', `patch() one past the limit ${what}`)
        same(await session.getAll(), { p: fits }, `getAll() after a refused patch ${what}`)
        await session.patch({ p: fits })
      }
    },
  },
  {
    row,
    name: 'counts names, numbers and punctuation',
    needs: ['limits'],
    run: async ({ open }) => {
      const properties: { [name: string]: JsonValue } = {
        'a"b': 1e21,
        語: [-1.5, true, null, { x: '', y: [] }],
        n: 100,
        ' ': { ünï: '\u{1f600}' },
      }
      const documentLength = JSON.stringify(properties).length
      const exact = (await open({ limits: { documentLength } })).session({ account: 'a', namespace: 'n' })
      const tight = (await open({ limits: { documentLength: documentLength - 1 } })).session({
        account: 'a',
        namespace: 'n',
      })
      const { n, ...most } = properties
      await exact.patch(most)
      await exact.patch({ n })
      same(await exact.getAll(), properties, 'getAll()')
      await tight.patch(most)
      await refuses(() => tight.patch({ n }), 'too-large', 'patch() one past the limit')
      same(await tight.getAll(), most, 'getAll() after a refused patch')
      await refuses(() => exact.patch({ n: 1000 }), 'too-large', 'patch() to a longer number')
    },
  },
  {
    row,
    name: 'is that of the session after the patch, however often it was written',
    needs: ['limits', 'removals'],
    run: async ({ openSession }) => {
      const session = await openSession({ limits: { documentLength: 200 } })
      for (let round = 0; round < 40; round++) {
        const text = String.fromCharCode(97 + (round % 26)).repeat(150)
        await session.patch({ p: text, [`q${round}`]: 1, [`q${round - 1}`]: absent })
        same(await session.getAll(), { p: text, [`q${round}`]: 1 }, 'getAll()')
      }
      await session.delete('p')
      await session.patch({ r: 'r'.repeat(150) })
      await session.patch({ r: absent, s: 's'.repeat(150) })
      await refuses(() => session.patch({ r: 'r'.repeat(150) }), 'too-large', 'patch() past the limit')
      await session.clear()
      await session.patch({ r: 'r'.repeat(180) })
      same(await session.getAll(), { r: 'r'.repeat(180) }, 'getAll()')
    },
  },
  {
    row,
    name: 'is limited for conditional patches and updates, too',
    needs: ['limits', 'conditions'],
    run: async ({ openSession }) => {
      const session = await openSession({ limits: { documentLength: 50 } })
      await session.patch({ a: 1 })
      const long = 'x'.repeat(50)
      await refuses(() => session.patchIf({ a: 1 }, { p: long }), 'too-large', 'patchIf() past the limit')
      await refuses(() => session.update(['a'], () => ({ p: long })), 'too-large', 'update() past the limit')
      same(await session.getAll(), { a: 1 }, 'getAll()')
    },
  },
  {
    row,
    name: 'a session has as many properties as the option allows',
    needs: ['limits', 'removals'],
    run: async ({ openSession }) => {
      const session = await openSession({ limits: { properties: 3 } })
      await refuses(() => session.patch({ a: 1, b: 2, c: 3, d: 4 }), 'too-large', 'patch() of 4')
      await session.patch({ a: 1, b: 2, c: 3 })
      await refuses(() => session.patch({ d: 4 }), 'too-large', 'patch() of a fourth')
      await session.patch({ a: absent, d: 4, b: 'two' })
      same(await session.getAll(), { b: 'two', c: 3, d: 4 }, 'getAll()')
    },
  },
  {
    row,
    name: 'of a patch that refers many times to one long text is detected before it is serialized',
    run: async ({ open, documentLength, can }) => {
      const namespace = (await open()).account('a').namespace('n')
      const session = namespace.session('s')
      const text = 'x'.repeat(documentLength)
      // As JSON, this is longer than the longest string in V8.
      const large: readonly JsonValue[] = [
        Array(700).fill(text),
        [Array(700).fill(text)],
        Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`p${index}`, text])),
        Array(700).fill({ in: [text] }),
      ]
      for (const list of large) {
        await refuses(() => session.patch({ a: 1, list }), 'too-large', 'patch()')
        if (!can('conditions')) continue
        await refuses(() => session.patchIf({}, { a: 1, list }), 'too-large', 'patchIf()')
        await refuses(() => session.patchIf({ list }, { a: 1 }), 'too-large', 'patchIf() on such a value')
        await refuses(() => session.clearIf({ list }), 'too-large', 'clearIf() on such a value')
        await refuses(() => session.update(['a'], () => ({ a: 1, list })), 'too-large', 'update()')
      }
      const many = Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`p${index}`, text]))
      await refuses(() => session.patch(many), 'too-large', 'patch() of many properties')
      same(await session.getAll(), {}, 'getAll()')
      holds((await namespace.info()) === undefined, 'a refused patch created the namespace')
    },
  },
]
