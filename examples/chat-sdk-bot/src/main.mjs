// Two processes of one bot each receive a message of one thread at the same moment. Then both are asked what they know.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'chat-sdk-bot-'))
await show('@chat-adapter/state-memory, the memory of each process', [])
await show('chatSdkState over one SQLite file', [join(folder, 'shop.db')])
rmSync(folder, { recursive: true })

async function show(title, args) {
  console.log(`${title}:`)
  const bots = [await start(args), await start(args)]
  const first = bots[0].say('buy tea')
  await bots[0].heard('hasRead')
  const second = bots[1].say('buy cake')
  // The second process either handles its message, too, or has queued it for the first one, which holds the thread's lock.
  await Promise.race([bots[1].heard('hasRead'), second])
  for (const bot of bots) bot.goOn()
  await Promise.all([first, second])
  for (const [index, bot] of bots.entries()) {
    const answer = bot.heard('said')
    await bot.say('what do you know?')
    console.log(`  process ${index + 1}: ${await answer}`)
  }
  await Promise.all(bots.map((bot) => bot.stop()))
}

async function start(args) {
  const child = fork(new URL('bot.mjs', import.meta.url), args)
  const heard = (what) =>
    new Promise((resolve) => {
      child.on('message', function listen(message) {
        if (message[what] === undefined) return
        child.off('message', listen)
        resolve(message[what])
      })
    })
  await heard('ready')
  return {
    heard,
    async say(text) {
      const done = heard('done')
      child.send({ message: { id: crypto.randomUUID(), threadId: 'offline:7', text } })
      await done
    },
    goOn: () => child.send({ goOn: true }),
    stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      return exited
    },
  }
}
