// A function as it is deployed to the vendor's platform: it requires its toolbelt when it is invoked.
async function lambda({ payload: { message, conversation } }) {
  const { Toolbelt } = require('./fake-toolbelt.cjs')
  const client = Toolbelt.ContextServiceClient({ apiKey: 'key-1', accountId: '577089' })
  try {
    await client.getPropertyInSession('handled', 'by', message)
    return 'somebody has it'
  } catch (error) {
    if (!error.code.endsWith('.data.does-not-exist')) throw error
  }
  await client.setPropertiesInNamespace('handled', { by: 'me' }, message)
  const { turns = 0 } = await client.getSelectedPropertiesInSession('orders', ['turns'], conversation)
  await client.updatePropertiesInNamespace('orders', { turns: turns + 1 }, conversation)
  return 'mine'
}

module.exports = { lambda }
