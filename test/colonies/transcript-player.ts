import { expect } from 'vitest'
import type { WebSocket } from 'ws'
import {
  ColoniesClient,
  ColoniesError,
  type ColoniesErrorKind,
  parseExactJson,
  stringifyExactJson,
} from '../../src/colonies/index.ts'
import { openSubscription, type Subscription } from '../../src/colonies/subscription.ts'
import { lostPlaces } from './covers.ts'
import { type Answer, ReplayServer, sendAnswer } from './replay-server.ts'
import { type Exchange, materialise, readExchanges, readTranscript, type Step, type Transcript } from './transcript.ts'

interface Frames {
  readonly subscription: Subscription
  readonly socket: WebSocket
  readonly received: unknown[]
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

const settle = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

const payloadOf = (body: string): unknown => {
  const { payload } = JSON.parse(body) as { payload: string }
  return parseExactJson(Buffer.from(payload, 'base64').toString('utf8'))
}

/** From the table of status codes in the protocol, written down apart from the client's own. */
const kindFor = (msgtype: string, status: number): ColoniesErrorKind => {
  const assign = msgtype === 'assignprocessmsg'
  if (status === 400) return 'rejected'
  if (status === 403) return 'forbidden'
  if (status === 404) return assign ? 'no_process' : 'not_found'
  if (assign && (status === 408 || status === 503)) return 'paused'
  if (status === 500) return assign ? 'unavailable' : 'failed'
  throw new Error(`no such status in the recordings: ${msgtype} ${status}`)
}

/** Plays one scenario: the client against recorded replies over real HTTP and WebSocket. */
export class TranscriptPlayer {
  readonly #transcript: Transcript
  readonly #exchanges: ReadonlyMap<number, Exchange>
  readonly #server = new ReplayServer()
  readonly #pending = new Map<number, { step: Step; outcome: Promise<Outcome>; answer: (answer: Answer) => void }>()
  readonly #frames = new Map<string, Frames>()
  #client = new ColoniesClient({ url: 'http://127.0.0.1:1' })
  #url = ''
  /** Steps in which the client did something that was checked. */
  checked = 0
  /** Steps in which there is nothing for a client to do. */
  idle = 0

  constructor(scenario: string) {
    this.#transcript = readTranscript(scenario)
    this.#exchanges = readExchanges(scenario)
  }

  async play(): Promise<void> {
    this.#url = await this.#server.start()
    this.#client = new ColoniesClient({ url: this.#url })
    try {
      for (const step of this.#transcript.steps) {
        const active = await this.#step(step)
        if (active) this.checked++
        else this.idle++
      }
    } finally {
      this.#client.close()
      await this.#server.stop()
    }
  }

  async #step(step: Step): Promise<boolean> {
    if (step.kind === 'rpc') return step.pending ? this.#send(step) : this.#rpc(step)
    if (step.kind === 'reply') return this.#reply(step)
    if (step.kind === 'abort') return this.#abort(step)
    if (step.kind === 'raw' || step.kind === 'http') return this.#foreign(step)
    if (step.kind === 'ws-send') return this.#wsSend(step)
    if (step.kind === 'ws-recv') return this.#wsReceive(step)
    if (step.kind === 'ws-closed' || step.kind === 'ws-close') return this.#wsClose(step)
    expect(['sleep', 'ws-open', 'ws-silence']).toContain(step.kind)
    return false
  }

  #key(step: Step): string | null {
    if (step.unsigned || step.role === 'anonymous' || step.role === undefined) return null
    return this.#transcript.roles[step.role]?.prvkey ?? null
  }

  #exchange(step: Step): Exchange {
    const exchange = this.#exchanges.get(step.step)
    if (exchange === undefined) throw new Error(`no raw exchange for step ${step.step}`)
    return exchange
  }

  /** The message as recorded, with its placeholders filled. */
  #message(step: Step, sent: string | undefined): object {
    return materialise(step.request, sent === undefined ? undefined : payloadOf(sent)) as object
  }

  #answer(step: Step): Answer {
    const { status, reply } = this.#exchange(step)
    if (status === undefined) throw new Error(`step ${step.step} has no status`)
    if (reply !== undefined) return { status, body: reply }
    const payload = stringifyExactJson(materialise(step.reply?.payload, undefined))
    return { status, body: JSON.stringify({ ...step.reply, payload: Buffer.from(payload).toString('base64') }) }
  }

  /** Starts a call and waits until the server has its body, which must be the recorded one. */
  async #start(step: Step, signal?: AbortSignal): Promise<{ outcome: Promise<Outcome>; answer: (a: Answer) => void }> {
    const sent = this.#exchange(step).request
    const arrived = Promise.withResolvers<{ body: string; answer: (answer: Answer) => void }>()
    this.#server.handler = (body, response) =>
      arrived.resolve({ body, answer: (answer) => sendAnswer(response, answer) })
    const message = this.#message(step, sent)
    const outcome = settle(this.#client.call(step.msgtype ?? '', message, this.#key(step), { signal }))
    void outcome.then((result) => arrived.reject('error' in result ? result.error : new Error('answered too early')))
    const { body, answer } = await arrived.promise
    if (sent !== undefined) expect(body, `request of step ${step.step}`).toBe(sent)
    return { outcome, answer }
  }

  async #rpc(step: Step): Promise<boolean> {
    const { outcome, answer } = await this.#start(step)
    answer(this.#answer(step))
    this.#check(step, step.msgtype ?? '', await outcome)
    return true
  }

  async #send(step: Step): Promise<boolean> {
    this.#pending.set(step.step, { step, ...(await this.#start(step)) })
    return true
  }

  async #reply(step: Step): Promise<boolean> {
    const pending = this.#pending.get(step.to ?? 0)
    if (pending === undefined) throw new Error(`step ${step.step} answers nothing`)
    pending.answer(this.#answer(step))
    this.#check(step, pending.step.msgtype ?? '', await pending.outcome)
    return true
  }

  async #abort(step: Step): Promise<boolean> {
    const controller = new AbortController()
    const { outcome } = await this.#start(step, controller.signal)
    controller.abort()
    const result = await outcome
    expect('error' in result && result.error).toMatchObject({ kind: 'aborted', outcome: 'unknown' })
    return true
  }

  /** A request that no client of ours sends; its reply is one that a client may meet. */
  async #foreign(step: Step): Promise<boolean> {
    const { status, reply } = this.#exchange(step)
    const answer = { status: status ?? step.httpStatus ?? 0, body: reply ?? '' }
    this.#server.handler = (_body, response) => sendAnswer(response, answer)
    const msgtype = step.reply?.error === false ? step.reply.payloadtype : 'getexecutorsmsg'
    this.#check(step, msgtype, await settle(this.#client.call(msgtype, {}, null)))
    return true
  }

  #check(step: Step, msgtype: string, result: Outcome): void {
    const { status, body } = this.#answer(step)
    const label = `step ${step.step} ${msgtype}`
    if (step.reply?.error === false) {
      if ('error' in result) throw new Error(`${label} failed`, { cause: result.error })
      expect(lostPlaces(payloadOf(body), result.value), label).toEqual([])
      return
    }
    const error = 'error' in result ? result.error : undefined
    expect(error, label).toBeInstanceOf(ColoniesError)
    expect(error, label).toMatchObject({
      msgtype,
      httpStatus: status,
      kind: this.#expectedKind(step, msgtype, answerOf(body, status)),
    })
  }

  #expectedKind(step: Step, msgtype: string, answer: Answer): ColoniesErrorKind {
    if (step.reply) return kindFor(msgtype, (step.reply.payload as { status: number }).status)
    if (answer.body.includes('}{')) return 'rejected'
    if (answer.body !== '') return 'malformed'
    if (answer.status === 200) return 'forbidden'
    return answer.status >= 500 ? 'unavailable' : 'malformed'
  }

  async #wsSend(step: Step): Promise<boolean> {
    const { frame } = this.#exchange(step)
    let body = step.body ?? ''
    if (step.request !== undefined) {
      const key = step.signature === '' ? null : this.#key(step)
      body = this.#client.requestBody(step.msgtype ?? '', this.#message(step, frame), key)
      const sent = step.payloadtype === undefined ? body : body.replace(step.msgtype ?? '', step.payloadtype)
      expect(sent, `frame of step ${step.step}`).toBe(frame)
    }
    const name = step.socket ?? ''
    if (!this.#frames.has(name)) this.#frames.set(name, await this.#subscribe(step, body))
    return true
  }

  async #subscribe(step: Step, body: string): Promise<Frames> {
    const arrived = Promise.withResolvers<WebSocket>()
    this.#server.onSocket = (socket) =>
      socket.once('message', (data) => {
        expect(String(data)).toBe(body)
        arrived.resolve(socket)
      })
    const received: unknown[] = []
    const msgtype = step.msgtype === 'subscribechannelmsg' ? 'subscribechannelmsg' : 'subscribeprocessmsg'
    const subscription = openSubscription({
      url: new URL('/pubsub', this.#url.replace('http', 'ws')),
      ca: undefined,
      msgtype,
      body,
      onReply: (value) => received.push({ value }),
      onError: (error) => received.push({ error }),
      onClose: () => {},
    })
    return { subscription, socket: await arrived.promise, received }
  }

  #framesOf(step: Step): Frames {
    const frames = this.#frames.get(step.socket ?? '')
    if (frames === undefined) throw new Error(`step ${step.step}: no such socket`)
    return frames
  }

  async #wsReceive(step: Step): Promise<boolean> {
    const { socket, received } = this.#framesOf(step)
    const { frame } = this.#exchange(step)
    if (frame === undefined) throw new Error(`step ${step.step} has no frame`)
    const before = received.length
    socket.send(frame, { binary: step.frame === 'binary' })
    await expect.poll(() => received.length).toBe(before + 1)
    const event = received.at(-1) as { value: unknown } | { error: unknown }
    if (step.reply?.error) {
      const { status } = step.reply.payload as { status: number }
      expect(event).toMatchObject({ error: { status, kind: kindFor('', status) } })
    } else {
      if ('error' in event) throw new Error(`step ${step.step}`, { cause: event.error })
      expect(lostPlaces(payloadOf(frame), event.value), `frame of step ${step.step}`).toEqual([])
    }
    return true
  }

  async #wsClose(step: Step): Promise<boolean> {
    const { subscription, socket } = this.#framesOf(step)
    if (step.kind === 'ws-close') {
      subscription.close()
      expect((await subscription.closed).by).toBe('client')
    } else {
      socket.terminate()
      expect(await subscription.closed).toEqual({ code: step.code, by: 'server' })
    }
    return true
  }
}

const answerOf = (body: string, status: number): Answer => ({ body, status })
