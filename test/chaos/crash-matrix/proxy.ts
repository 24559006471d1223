/** A proxy between one executor and broker, gateway and outside world, which strikes at chosen messages. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addresseeOf, notesIn, type Told } from './addressee.ts'
import { type Forwarded, type Forwarder, forwarder } from './forward.ts'
import type { WireFault } from './wire-faults.ts'

export interface ProxyOptions {
  readonly brokerUrl: string
  readonly gatewayUrl: string
}

/** `hold`: the message stands still until released: the request before it arrives (if it does then), or the answer. */
export type Strike = WireFault | { readonly hold: 'request' | 'answer'; readonly thenArrives?: boolean }

export interface Struck {
  /** Resolves when the message has come and the fault begun; for an answer: when the request has had its effect. */
  readonly struck: Promise<void>
  readonly hasStruck: () => boolean
  /** Lets a held or last message go. */
  readonly release: () => void
  /** Resolves when nothing of it is under way any more. */
  readonly over: Promise<void>
}

export interface WireProxy {
  readonly url: string
  /** Strikes once at the next such message. @param note of the process; left out: any */
  readonly strike: (message: string, strike: Strike, note?: string) => Struck
  /** Cuts every message to the database until it is mended. @returns mends it */
  readonly cutDatabase: () => () => void
  /** Resolves when the next such message has come. */
  readonly next: (message: string) => Promise<void>
  /** Messages that came, by name and note. */
  readonly seen: () => readonly Told[]
  readonly close: () => Promise<void>
}

interface Rule {
  readonly message: string
  readonly note: string | undefined
  readonly strike: Strike
  readonly begun: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
  readonly over: PromiseWithResolvers<void>
}

export async function createProxy(options: ProxyOptions): Promise<WireProxy> {
  const rules = new Set<Rule>()
  const notes = new Map<string, string>()
  const seen: Told[] = []
  let databaseIsCut = false
  const expected = new Map<string, PromiseWithResolvers<void>>()
  const broker = forwarder(options.brokerUrl)
  const gateway = forwarder(options.gatewayUrl)

  /** The rule for a message, used up. An assignment is known by its answer only. */
  const take = (told: Told): Rule | undefined => {
    for (const rule of rules) {
      if (rule.message !== told.message) continue
      if (rule.note !== undefined && !told.notes.includes(rule.note)) continue
      rules.delete(rule)
      return rule
    }
    return undefined
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new Promise<void>((resolve) => response.once('close', resolve))
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const told = addresseeOf(request, body, notes)
    seen.push(told)
    expected.get(told.message)?.resolve()
    expected.delete(told.message)
    const outside = told.message === 'read'
    if (databaseIsCut && !outside && request.url !== '/api') return void response.destroy()
    const send: Forwarder = outside ? async () => outsideWorld(told) : request.url === '/api' ? broker : gateway
    const rule = take(told)
    if (rule === undefined) {
      // A caller that leaves takes its call along: a broker must not hand out work to a poll that nobody reads.
      const forwarded = await send(request, body, gone).catch(() => undefined)
      if (forwarded === undefined) return void response.destroy()
      const learnt = told.message === 'assign' ? notesIn(forwarded.body, notes) : []
      const late = learnt.length > 0 ? take({ message: 'assigned', notes: learnt }) : undefined
      if (late === undefined) return reply(response, forwarded)
      return play(late, async () => forwarded, response, gone)
    }
    return play(rule, () => send(request, body), response, gone)
  }

  const server = createServer((request, response) => {
    response.on('error', () => undefined)
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strike(message, strike, note) {
      const resolvers = () => Promise.withResolvers<void>()
      const rule: Rule = { message, note, strike, begun: resolvers(), released: resolvers(), over: resolvers() }
      let begun = false
      rule.begun.promise.then(() => {
        begun = true
      })
      rules.add(rule)
      return {
        struck: rule.begun.promise,
        hasStruck: () => begun,
        release: () => rule.released.resolve(),
        over: rule.over.promise,
      }
    },
    cutDatabase() {
      databaseIsCut = true
      return () => {
        databaseIsCut = false
      }
    },
    next(message) {
      const waiting = expected.get(message) ?? Promise.withResolvers<void>()
      expected.set(message, waiting)
      return waiting.promise
    },
    seen: () => [...seen],
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const outsideWorld = ({ notes }: Told): Forwarded => ({
  status: 200,
  type: 'application/json',
  body: Buffer.from(JSON.stringify({ value: `read for ${notes[0]}` })),
})

function reply(response: ServerResponse, { status, type, body }: Forwarded): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': type, 'content-length': body.length })
  response.end(body)
}

/** Does to one message what the rule says. */
async function play(
  { strike, begun, released, over }: Rule,
  send: () => Promise<Forwarded>,
  response: ServerResponse,
  gone: Promise<void>,
): Promise<void> {
  try {
    if ('hold' in strike) {
      const forwarded = strike.hold === 'answer' ? await send() : undefined
      begun.resolve()
      await released.promise
      if (forwarded !== undefined) return reply(response, forwarded)
      if (strike.thenArrives === true) return reply(response, await send())
      return void response.destroy()
    }
    if (strike.arrives === 'late' || strike.arrives === 'last') {
      begun.resolve()
      await (strike.arrives === 'late' ? gone : released.promise)
      await send()
      return void response.destroy()
    }
    const forwarded = strike.arrives === 'never' ? undefined : await sendSome(strike, send)
    begun.resolve()
    const { answer } = strike
    if (answer === 'late') await gone
    else if (answer === 'none' || forwarded === undefined) {
      if (typeof answer === 'string') response.destroy()
      else reply(response, { ...answer, body: Buffer.from(answer.body) })
    } else if (answer === 'half' || answer === 'stalled') await half(response, forwarded, answer, gone)
    else reply(response, answer === 'real' ? forwarded : { ...answer, body: Buffer.from(answer.body) })
  } finally {
    begun.resolve()
    over.resolve()
  }
}

async function sendSome({ arrives }: WireFault, send: () => Promise<Forwarded>): Promise<Forwarded> {
  if (arrives === 'at_once') return (await Promise.all([send(), send()]))[1]
  const first = await send()
  return arrives === 'twice' ? await send() : first
}

async function half(response: ServerResponse, whole: Forwarded, how: 'half' | 'stalled', gone: Promise<void>) {
  response.writeHead(whole.status, { 'content-type': whole.type, 'content-length': whole.body.length })
  await new Promise<void>((resolve) => response.write(whole.body.subarray(0, whole.body.length >> 1), () => resolve()))
  if (how === 'stalled') await gone
  else response.destroy()
}
