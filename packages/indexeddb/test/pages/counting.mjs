const address = { account: '577089', namespace: 'orders', session: 'c1' }

/** Counts in one session with `update`, and writes its own property at each step, without waiting. */
export async function count(store, times, own) {
  const session = store.session(address)
  const done = []
  for (let i = 0; i < times; i++) {
    done.push(session.update(['n'], ({ n = 0 }) => ({ n: n + 1 })))
    done.push(session.patch({ [`${own} ${i}`]: i }))
    if (i % 5 === 0) await Promise.all(done)
  }
  await Promise.all(done)
}
