/** `/__faults`: GET lists them, POST arms one (or a list), DELETE clears all. */

import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { type FaultSwitch, faultSchema } from './faults.ts'
import { postgrestError } from './postgrest-error.ts'
import { readBody } from './read-body.ts'
import { jsonReply, type Reply } from './reply.ts'

const faultList = z.union([z.array(faultSchema), faultSchema.transform((fault) => [fault])])
const maxBytes = 64 * 1024

export async function answerFaults(faults: FaultSwitch, request: IncomingMessage): Promise<Reply> {
  if (request.method === 'POST') {
    const refuse = (message: string) => postgrestError(400, { code: 'PGRST102', message })
    const bytes = await readBody(request, maxBytes, () => refuse('The list of faults is too long.'))
    let list: z.infer<typeof faultList>
    try {
      list = faultList.parse(JSON.parse(bytes.toString('utf8')))
    } catch (error) {
      throw refuse(error instanceof z.ZodError ? z.prettifyError(error) : 'Not JSON.')
    }
    for (const fault of list) faults.add(fault)
  } else if (request.method === 'DELETE') {
    faults.clear()
  } else if (request.method !== 'GET') {
    throw postgrestError(405, { code: 'PGRST117', message: `Unsupported HTTP method: ${request.method}` })
  }
  return jsonReply(200, JSON.stringify({ faults: faults.list(), struck: faults.struck() }))
}
