/** Plays a recorded transcript against a server and says where the answers differ. */

import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { parsePrivateKey, sign } from '../../../src/colonies/index.ts'
import { difference } from './compare.ts'
import { type Bindings, parseExact, requestText } from './placeholders.ts'
import { openSocket, type PlayedSocket } from './sockets.ts'
import type { Poll, RecordedReply, Step, Transcript } from './transcript.ts'

export interface Difference {
  readonly scenario: string
  readonly step: number
  readonly what: string
}

/** Twice what the recordings themselves vary by, because many scenarios share two cores here. */
const toleranceMs = 1200

interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
  readonly elapsedMs: number
}

interface Play {
  readonly transcript: Transcript
  readonly url: string
  readonly bindings: Bindings
  readonly pending: Map<number, Promise<Received>>
  readonly sockets: Map<string, PlayedSocket>
}

/** @returns every difference; the play goes on after one */
export async function play(transcript: Transcript, url: string): Promise<readonly Difference[]> {
  const state: Play = { transcript, url, bindings: new Map(), pending: new Map(), sockets: new Map() }
  const differences: Difference[] = []
  for (const step of transcript.steps) {
    const what = await playStep(step, state).catch((thrown: unknown) => `threw ${thrown}`)
    if (what !== undefined) differences.push({ scenario: transcript.scenario, step: step.step, what })
  }
  for (const socket of state.sockets.values()) socket.close()
  return differences
}

async function playStep(step: Step, state: Play): Promise<string | undefined> {
  switch (step.kind) {
    case 'rpc':
      return await playRpc(step, state)
    case 'reply': {
      const sent = state.pending.get(step.to ?? 0)
      return sent === undefined ? `step ${step.to} was not sent` : judge(step, await sent, state)
    }
    case 'abort':
      await call(state.url, envelope(step, state), AbortSignal.timeout(step.ms ?? 0)).catch(() => undefined)
      return undefined
    case 'raw':
      return judge(step, await call(state.url, step.body ?? ''), state)
    case 'http':
      return await playHttp(step, state)
    case 'sleep':
      await sleep(step.ms)
      return undefined
    default:
      return await playSocket(step, state)
  }
}

async function playRpc(step: Step, state: Play): Promise<string | undefined> {
  const body = envelope(step, state)
  if (step.pending === true) {
    const sent = call(state.url, body)
    sent.catch(() => undefined)
    state.pending.set(step.step, sent)
    return undefined
  }
  const received = step.poll === undefined ? await call(state.url, body) : await poll(step.poll, body, state.url)
  return judge(step, received, state)
}

/** Repeats a call until its payload fulfils the conditions; polls take as long as they take. */
async function poll({ everyMs, maxMs, until }: Poll, body: string, url: string): Promise<Received> {
  const startMs = performance.now()
  for (;;) {
    const received = await call(url, body)
    const payload = openReply(received.body)?.payload as Readonly<Record<string, unknown>> | undefined
    const fulfilled = until.every(({ path, ...condition }) => {
      const value = payload?.[path]
      if ('equals' in condition) return value === condition.equals
      if ('notEquals' in condition) return value !== condition.notEquals
      return Number(value) >= (condition.atLeast ?? 0)
    })
    if (fulfilled || performance.now() - startMs > maxMs) return received
    await sleep(everyMs)
  }
}

function judge(step: Step, received: Received, { bindings }: Play): string | undefined {
  const { volatile = [] } = step
  if (volatile.includes('reply')) return undefined
  if (received.status !== step.httpStatus)
    return `status ${received.status} instead of ${step.httpStatus}: ${received.body}`
  if (step.emptyBody === true) return received.body === '' ? undefined : `a body instead of none: ${received.body}`
  if (step.replyText !== undefined) return severalReplies(step.replyText, received.body)
  const late = lateness(step, received.elapsedMs)
  if (late !== undefined) return late
  return replyDifference(step, received.body, bindings)
}

function lateness(step: Step, elapsedMs: number): string | undefined {
  if (step.elapsedMs === undefined || step.poll !== undefined || step.volatile?.includes('elapsedMs')) return undefined
  const distanceMs = elapsedMs - step.elapsedMs
  // Early is judged strictly: only lateness can come from a busy machine.
  return distanceMs < -300 || distanceMs > toleranceMs ? `took ${elapsedMs} ms instead of ${step.elapsedMs}` : undefined
}

function replyDifference(step: Step, body: string, bindings: Bindings): string | undefined {
  const actual = openReply(body)
  if (actual === undefined) return `not a reply: ${body}`
  const expected = step.reply
  if (actual.payloadtype !== expected?.payloadtype)
    return `payloadtype ${actual.payloadtype}: ${JSON.stringify(actual.payload)}`
  if (actual.error !== expected.error) return `error is ${actual.error}`
  if (expected.error) return refusalDifference(expected.payload, actual.payload)
  const relative = (paths: readonly string[] | undefined) =>
    (paths ?? []).map((path) => path.replace(/^reply\.payload\.?/, ''))
  return difference(expected.payload, actual.payload, '', {
    bindings,
    unordered: step.unordered ?? [],
    volatile: relative(step.volatile),
  })
}

/** Texts of errors are for people: only the status counts. */
function refusalDifference(expected: unknown, actual: unknown): string | undefined {
  const { status, message } = actual as { readonly status: unknown; readonly message: unknown }
  const wanted = (expected as { readonly status: unknown }).status
  return status === wanted && typeof message === 'string' ? undefined : `error status ${status} instead of ${wanted}`
}

/** A body of two error envelopes: their statuses count. */
function severalReplies(expected: string, actual: string): string | undefined {
  const statuses = (text: string) =>
    text
      .split(/(?<=})(?={)/)
      .map((part) => (openReply(part)?.payload as { readonly status: unknown } | undefined)?.status)
  const [wanted, given] = [statuses(expected).join(), statuses(actual).join()]
  return wanted === given ? undefined : `statuses ${given} instead of ${wanted}`
}

function openReply(body: string): RecordedReply | undefined {
  try {
    const { payloadtype, payload, error } = JSON.parse(body) as RecordedReply
    return { payloadtype, error, payload: parseExact(Buffer.from(String(payload), 'base64').toString('utf8')) }
  } catch {
    return undefined
  }
}

function envelope(step: Step, { transcript, bindings }: Play): string {
  if (typeof step.body === 'string') return step.body
  const payload = Buffer.from(requestText(step.request, bindings), 'utf8').toString('base64')
  const role = transcript.roles[step.role ?? '']
  const signed = role === undefined || step.unsigned === true ? '' : sign(payload, parsePrivateKey(role.prvkey))
  return JSON.stringify({
    payloadtype: step.payloadtype ?? step.msgtype,
    payload,
    signature: step.signature ?? signed,
  })
}

function call(url: string, body: string, signal?: AbortSignal): Promise<Received> {
  return send(`${url}/api`, 'POST', {}, body, signal)
}

function send(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | null,
  signal?: AbortSignal,
): Promise<Received> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, ...(signal === undefined ? {} : { signal }) } as const
    const request = httpRequest(url, options, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      const elapsedMs = Math.round(performance.now() - startMs)
      const text = Buffer.concat(chunks).toString('utf8')
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, elapsedMs })
    })
    request.on('error', reject)
    request.end(body ?? undefined)
  })
}

async function playHttp(step: Step, { url }: Play): Promise<string | undefined> {
  const received = await send(`${url}${step.path}`, step.method ?? 'GET', step.requestHeaders ?? {}, step.body ?? null)
  if (received.status !== step.httpStatus) return `status ${received.status} instead of ${step.httpStatus}`
  if (received.body !== step.replyText) return `body ${received.body} instead of ${step.replyText}`
  const wrong = Object.entries(step.replyHeaders ?? {}).find(([name, value]) => received.headers[name] !== value)
  return wrong === undefined ? undefined : `header ${wrong[0]}: ${received.headers[wrong[0]]} instead of ${wrong[1]}`
}

async function playSocket(step: Step, state: Play): Promise<string | undefined> {
  const name = step.socket ?? ''
  if (step.kind === 'ws-open') {
    state.sockets.set(name, await openSocket(`${state.url.replace('http', 'ws')}${step.path}`))
    return undefined
  }
  const socket = state.sockets.get(name)
  if (socket === undefined) return `socket ${name} is not open`
  switch (step.kind) {
    case 'ws-send':
      socket.send(envelope(step, state), step.frame === 'binary')
      return undefined
    case 'ws-recv':
      return await playReceive(step, socket, state)
    case 'ws-silence': {
      const frame = await socket.receive(step.ms ?? 0)
      return frame === undefined ? undefined : `a frame instead of silence: ${frame.text}`
    }
    case 'ws-closed': {
      const code = await socket.closed((step.elapsedMs ?? 0) + 5000)
      return code === step.code
        ? lateness(step, Math.round(socket.sinceSentMs()))
        : `closed with ${code} instead of ${step.code}`
    }
    case 'ws-close':
      socket.close()
      return undefined
    default:
      return `unknown kind ${step.kind}`
  }
}

async function playReceive(step: Step, socket: PlayedSocket, { bindings }: Play): Promise<string | undefined> {
  const frame = await socket.receive((step.elapsedMs ?? 0) + 5000)
  if (frame === undefined) return 'no frame came'
  if (frame.binary !== (step.frame === 'binary')) return `a frame of the other type instead of ${step.frame}`
  return lateness(step, Math.round(socket.sinceSentMs())) ?? replyDifference(step, frame.text, bindings)
}
