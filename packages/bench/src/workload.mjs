// The work that is measured everywhere: sessions of 12 properties, about 400 bytes of JSON.

/** Returns `random(below)`, whose sequence of numbers is the same in every run. */
export function seeded(seed = 42) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A session. */
export function sessionOf(i) {
  return {
    name: `customer ${i}`,
    email: `customer${i}@example.com`,
    intent: 'billing',
    step: i % 7,
    score: i / 4,
    verified: true,
    locale: 'en-GB',
    channel: 'web',
    retries: 0,
    escalated: false,
    note: 'asked about the invoice of last month, wants a call back on Monday, before noon if that can be',
    address: { street: `Main street ${i}`, zip: '12345', city: 'Springfield', tags: ['home', 'billing'] },
  }
}

/** A session of `size` properties. */
export function sessionOfSize(size, i) {
  const whole = Object.entries(sessionOf(i))
  return Object.fromEntries(
    Array.from({ length: size }, (_, at) => [`property${at}`, whole[at % whole.length]?.[1]]),
  )
}

/** A patch of three properties, never the same twice: an engine may skip a write that changes nothing. */
export function patch3(i) {
  return { step: i, intent: `intent ${1_000_000 + i}`, verified: i % 2 === 0 }
}

/** A patch of three properties, one of them nested. */
export function patch3n(i) {
  const address = { street: `Side street ${i}`, zip: '54321', city: 'Ogdenville', tags: ['work', 'x'] }
  return { step: i, verified: i % 2 === 0, address }
}

/** The names of properties to read. */
export const some3 = ['step', 'intent', 'verified']
