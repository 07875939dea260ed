import { failuresOfCheck } from './core-checks.ts'

// The cases detect unhandled rejections; they must not end the process.
process.on('unhandledRejection', () => undefined)

const failures = await failuresOfCheck(JSON.parse(process.argv[2] ?? ''))
console.log(JSON.stringify(failures))
// A call that hangs may keep a timer.
process.exit()
