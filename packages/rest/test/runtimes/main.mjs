// For hosts with a command line: prints what `callService` found, as JSON.
import { callService } from './client-program.mjs'

console.log(JSON.stringify(await callService(JSON.parse(process.argv[2]))))
