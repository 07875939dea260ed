// Two processes of one bot each receive a message of one chat at the same moment. Then both are asked what they know.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'grammy-bot-'))
await show('grammY’s own storage, the memory of each process', [])
await show('grammyStorage over one SQLite file', [join(folder, 'shop.db')])
rmSync(folder, { recursive: true })

async function show(title, args) {
  console.log(`${title}:`)
  const bots = [start(args), start(args)]
  const turns = [bots[0].say('buy tea'), bots[1].say('I am Ann')]
  await Promise.all(bots.map((bot) => bot.heard('hasRead')))
  for (const bot of bots) bot.goOn()
  await Promise.all(turns)
  for (const [index, bot] of bots.entries()) {
    const answer = bot.heard('said')
    await bot.say('what do you know?')
    console.log(`  process ${index + 1} knows: ${await answer}`)
  }
  await Promise.all(bots.map((bot) => bot.stop()))
}

function start(args) {
  const child = fork(new URL('bot.mjs', import.meta.url), args)
  const heard = (what) =>
    new Promise((resolve) => {
      child.on('message', function listen(message) {
        if (message[what] === undefined) return
        child.off('message', listen)
        resolve(message[what])
      })
    })
  return {
    heard,
    async say(text) {
      const done = heard('done')
      const from = { id: 7, is_bot: false, first_name: 'Ann' }
      child.send({
        update: {
          update_id: 1,
          message: { message_id: 1, date: 0, from, chat: { id: 7, type: 'private' }, text },
        },
      })
      await done
    },
    goOn: () => child.send({ goOn: true }),
    stop() {
      child.disconnect()
      return once(child, 'exit')
    },
  }
}
