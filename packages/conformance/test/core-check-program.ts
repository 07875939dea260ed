import { failuresOfCheck } from './core-checks.ts'

// A rejection without a handler is for the cases to find, not the end of the process.
process.on('unhandledRejection', () => undefined)

const failures = await failuresOfCheck(JSON.parse(process.argv[2] ?? ''))
console.log(JSON.stringify(failures))
// A call that hangs may keep a timer.
process.exit()
