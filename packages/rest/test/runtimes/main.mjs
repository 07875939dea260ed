// For runtimes with a command line: prints the results of `callService` as JSON.
import { callService } from './client-program.mjs'

console.log(JSON.stringify(await callService(JSON.parse(process.argv[2]))))
