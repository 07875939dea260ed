// For Workers: answers with the results of `callService`.
import { callService } from './client-program.mjs'

export default { fetch: async (request) => Response.json(await callService(await request.json())) }
