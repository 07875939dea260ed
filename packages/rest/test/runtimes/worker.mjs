// For Workers: answers with what `callService` found.
import { callService } from './client-program.mjs'

export default { fetch: async (request) => Response.json(await callService(await request.json())) }
