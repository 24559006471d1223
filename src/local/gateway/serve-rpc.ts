/** Sends the answer of a call, or lets a fault get at it. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from './caller.ts'
import type { Fault, FaultSwitch } from './faults.ts'
import { type Reply, ReplyError, send } from './reply.ts'
import { answerRpc, type RpcContext } from './rpc.ts'
import { ConnectionCut } from './transaction.ts'

export async function serveRpc(
  context: RpcContext & { readonly faults: FaultSwitch },
  request: IncomingMessage,
  response: ServerResponse,
  call: { readonly caller: Caller; readonly functionName: string; readonly queryText: string },
): Promise<void> {
  const { caller, functionName, queryText } = call
  const fault = context.faults.take(functionName)
  try {
    const reply = await answerRpc(context, request, caller, functionName, queryText, fault)
    await sendWithFault(response, reply, fault)
  } catch (error) {
    if (error instanceof ConnectionCut) response.destroy()
    else if (error instanceof ReplyError && fault !== undefined) await sendWithFault(response, error.reply, fault)
    else throw error
  }
}

const html = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'
const json = { 'content-type': 'application/json; charset=utf-8' }

async function sendWithFault(response: ServerResponse, reply: Reply, fault: Fault | undefined): Promise<void> {
  switch (fault?.kind) {
    case 'drop_reply_after_commit':
      response.destroy()
      return
    case 'stall_body':
      return stall(response, reply)
    case 'empty_404':
      return send(response, { status: 404 })
    case 'array_404':
      return send(response, { status: 404, headers: json, body: '[]' })
    case 'html_502':
      return send(response, { status: 502, headers: { 'content-type': 'text/html' }, body: html })
    case 'unavailable_503':
      return send(response, {
        status: 503,
        headers: { 'content-type': 'text/plain', 'retry-after': String(fault.retryAfterSeconds) },
        body: 'Service Unavailable',
      })
    case 'not_json_200':
      return send(response, { status: 200, headers: json, body: '{"half": ' })
    case 'delay_after_commit':
      await sleep(fault.delayMs)
      return send(response, reply)
    default:
      return send(response, reply)
  }
}

/** Returns when the caller has left. */
function stall(response: ServerResponse, reply: Reply): Promise<void> {
  return new Promise((resolve) => {
    const body = Buffer.from(reply.body ?? '    ')
    response.once('close', resolve)
    response.writeHead(reply.status === 204 ? 200 : reply.status, {
      ...reply.headers,
      'content-length': String(body.length),
    })
    response.write(body.subarray(0, Math.floor(body.length / 2)))
  })
}
