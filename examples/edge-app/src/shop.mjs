// A visit is one session; each item of the basket is one property, so two devices that add items do not overwrite each other's.
import { absent } from '@context-store/core'
import { indexedDbStore } from '@context-store/indexeddb'
import { offlineStore } from '@context-store/offline'
import { restStore } from '@context-store/rest/client'

const element = (id) => document.getElementById(id)
const baseUrl = document.querySelector('script[data-service]').dataset.service

const store = offlineStore({
  local: indexedDbStore({ name: 'shop' }),
  // In production, pass a function that asks your own server for a key: a page must not contain the account's key.
  remote: restStore({ baseUrl, apiKey: 'the-key-of-the-visitor', timeoutMs: 5_000 }),
})
const visit = store.account('577089').namespace('visits').session('kiosk-1')

/** The text for each state. */
const words = {
  synced: ({ rejected }) =>
    rejected > 0 ? 'Saved on this device; the shop refused some of it.' : 'All saved and sent to the shop.',
  pending: ({ pending }) => `Saved on this device; ${pending} to send.`,
  syncing: () => 'Saved on this device; sending …',
  offline: () => 'No connection: saved on this device, to be sent later.',
  unauthorized: () => 'Saved on this device, but the shop refuses this device: sign in again.',
}

function showStatus() {
  const { status } = store
  element('status').textContent = words[status.state](status)
  element('status').dataset.state = status.state
  element('again').hidden = status.rejected === 0
}

async function showBasket() {
  const [basket, unsent, rejected] = await Promise.all([
    visit.getAll(),
    namesOf(store.pending()),
    namesOf(store.rejected()),
  ])
  const items = Object.entries(basket).map(([name, { count }]) => {
    const item = document.createElement('li')
    const label = document.createElement('span')
    label.textContent = `${count} × ${name}`
    label.className = rejected.has(name) ? 'rejected' : unsent.has(name) ? 'unsent' : ''
    const remove = document.createElement('button')
    remove.textContent = 'Remove'
    remove.setAttribute('aria-label', `Remove ${name}`)
    remove.onclick = () => change(visit.patch({ [name]: absent }))
    item.append(label, remove)
    return item
  })
  element('basket').replaceChildren(...items)
}

async function namesOf(writes) {
  const names = new Set()
  for await (const write of writes) for (const name of write.names) names.add(name)
  return names
}

/** Shows the basket after a change, or the error if the change could not be saved here, for example on a full device. */
async function change(write) {
  try {
    await write
  } catch (error) {
    element('status').textContent = `Not saved: ${error.message}`
    return
  }
  await showBasket()
}

element('add').onsubmit = (event) => {
  event.preventDefault()
  const name = new FormData(event.target).get('item').trim()
  event.target.reset()
  if (name === '') return
  change(visit.update([name], ({ [name]: item }) => ({ [name]: { count: (item?.count ?? 0) + 1 } })))
}
element('send').onclick = () => store.flush()
element('again').onclick = async () => {
  for await (const write of store.rejected()) await write.retry()
  await store.flush()
}

store.subscribe(({ type }) => {
  if (type === 'status') showStatus()
  else showBasket()
})
showStatus()
showBasket()
