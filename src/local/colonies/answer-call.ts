import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import type { HandlerTable, ServerContext } from './context.ts'
import { type OpenEnvelope, parseEnvelope, sealRefusal, sealReply } from './envelope.ts'
import type { Fault, FaultKind } from './faults.ts'
import { broken, EmptyCrash, missing, Refusal } from './refusal.ts'

export interface Call {
  readonly response: ServerResponse
  readonly open: OpenEnvelope
  readonly handlers: HandlerTable
  /** Aborted when the client hangs up or the server closes. */
  readonly signal: AbortSignal
  readonly context: ServerContext
}

interface Answer {
  readonly status: number
  readonly body: string
}

const before: readonly FaultKind[] = ['empty_404', 'http200_error', 'empty_200', 'empty_500', 'stall', 'hang', 'reset']
const after: readonly FaultKind[] = ['lose_reply', 'delay']

/** Carries out one `POST /api` and writes its answer. */
export async function answerCall(body: string, call: Call): Promise<void> {
  let msgtype = ''
  try {
    const envelope = parseEnvelope(body)
    msgtype = envelope.payloadtype
    const { callerId, message } = call.open(envelope)
    const fault = call.context.faults.strike(before, msgtype)
    if (fault !== undefined) return await answerWithFault(fault, call)
    const handle = call.handlers[msgtype]
    if (handle === undefined) throw broken(`no handler for <${msgtype}>`)
    const answer = await handle(message, { id: callerId, signal: call.signal }, call.context)
    await send(call, msgtype, {
      status: answer.kind === 'empty' ? answer.status : 200,
      body: answer.kind === 'empty' ? '' : sealReply(answer.payloadtype ?? msgtype, answer.json),
    })
  } catch (thrown) {
    if (call.signal.aborted) return cut(call)
    await send(call, msgtype, refusalOf(thrown, msgtype, call.context))
  }
}

function refusalOf(thrown: unknown, msgtype: string, { logger }: ServerContext): Answer {
  if (thrown instanceof EmptyCrash) return { status: 500, body: '' }
  if (thrown instanceof Refusal) return { status: thrown.status, body: thrown.body ?? sealRefusal(thrown) }
  // Like the original, which passes the error of the database on with 400.
  if (isDatabaseError(thrown))
    return { status: 400, body: sealRefusal({ status: 400, message: `database: ${thrown.message}` }) }
  logger.error({ err: thrown, msgtype }, 'call failed')
  return { status: 500, body: sealRefusal({ status: 500, message: 'the server failed to carry out the call' }) }
}

/**
 * Whether the database refused the data: classes 22, 23, 42 and 54. Trouble of the database itself is not the
 * caller's fault and ends as 500.
 */
function isDatabaseError(thrown: unknown): thrown is Error {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    /^(22|23|42|54)[0-9A-Z]{3}$/.test(thrown.code)
  )
}

async function send(call: Call, msgtype: string, answer: Answer): Promise<void> {
  const { faults } = call.context
  const lostAssign = msgtype === 'assignprocessmsg' && answer.status === 200
  const fault = faults.strike(lostAssign ? [...after, 'lose_assign_reply'] : after, msgtype)
  if (fault?.kind === 'delay')
    await sleep(fault.delayMs ?? 1000, undefined, { signal: call.signal }).catch(() => undefined)
  else if (fault !== undefined) return cut(call)
  write(call, answer)
}

async function answerWithFault(fault: Fault, call: Call): Promise<void> {
  const refusal = fault.kind === 'empty_404' ? missing('no process can be assigned') : broken('no quorum')
  switch (fault.kind) {
    case 'reset':
      call.response.socket?.resetAndDestroy()
      return
    case 'hang':
      return await untilAborted(call.signal)
    case 'empty_200':
      return write(call, { status: 200, body: '' })
    case 'empty_500':
      return write(call, { status: 500, body: '' })
    case 'http200_error':
      return write(call, { status: 200, body: sealRefusal(refusal) })
    case 'stall':
      await sleep(fault.delayMs ?? 5000, undefined, { signal: call.signal }).catch(() => undefined)
      return write(call, { status: 500, body: sealRefusal(refusal) })
    default:
      return write(call, { status: refusal.status, body: sealRefusal(refusal) })
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function cut(call: Call): void {
  call.response.socket?.destroy()
}

function write({ response }: Call, { status, body }: Answer): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
