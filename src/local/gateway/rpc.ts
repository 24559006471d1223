/** `/rest/v1/rpc/:function` */

import type { IncomingMessage } from 'node:http'
import type { CallRequest } from './call-sql.ts'
import type { Caller } from './caller.ts'
import type { Database } from './database.ts'
import type { Fault } from './faults.ts'
import { postgrestError } from './postgrest-error.ts'
import { readBody } from './read-body.ts'
import type { Reply } from './reply.ts'
import { resolveFunction } from './resolve-function.ts'
import { runTransaction } from './transaction.ts'

export interface RpcContext {
  readonly database: Database
  readonly maxBodyBytes: number
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads, resolves, runs. @throws ReplyError, ConnectionCut, CallerGone */
export async function answerRpc(
  context: RpcContext,
  request: IncomingMessage,
  caller: Caller,
  functionName: string,
  queryText: string,
  fault: Fault | undefined,
): Promise<Reply> {
  const { database, maxBodyBytes } = context
  const method = request.method
  if (method !== 'POST' && method !== 'GET' && method !== 'HEAD') {
    throw postgrestError(405, { code: 'PGRST117', message: `Unsupported HTTP method: ${method}` })
  }
  const input = method === 'POST' ? await readPost(request, maxBodyBytes, queryText) : readQuery(queryText)
  const cache = database.schemaCache()
  const call = resolveFunction(cache, functionName, input.argumentNames)
  const complete: CallRequest = { call, caller, method, ...input }
  if (fault?.commits === false) return { status: 204 }
  return runTransaction(database, cache, complete, fault)
}

type Input = Pick<CallRequest, 'bodyText' | 'query' | 'argumentNames'>

async function readPost(request: IncomingMessage, maxBytes: number, queryText: string): Promise<Input> {
  const tooLarge = () =>
    postgrestError(413, { code: 'PGRST100', message: `The body is larger than ${maxBytes} bytes.` })
  const bytes = await readBody(request, maxBytes, tooLarge)
  if (queryText !== '') {
    throw postgrestError(400, {
      code: 'PGRST100',
      message: 'The local gateway takes no filters on the result of a function.',
      hint: 'Let the function return what is needed.',
    })
  }
  if (bytes.length === 0) return { bodyText: '{}', query: new Map(), argumentNames: [] }
  try {
    const bodyText = utf8.decode(bytes)
    const parsed: unknown = JSON.parse(bodyText)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new TypeError('not an object')
    return { bodyText, query: new Map(), argumentNames: Object.keys(parsed) }
  } catch {
    throw postgrestError(400, { code: 'PGRST102', message: 'Empty or invalid json' })
  }
}

function readQuery(queryText: string): Input {
  const query = new Map(new URLSearchParams(queryText))
  if ([...query].some(([name, value]) => `${name}${value}`.includes('\0'))) {
    throw postgrestError(400, { code: '22021', message: 'Text cannot contain NUL.' })
  }
  return { bodyText: '{}', query, argumentNames: [...query.keys()] }
}
