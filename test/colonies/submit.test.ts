import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ColoniesClient, ColoniesError, type FunctionSpec } from '../../src/colonies/index.ts'
import { envelope, errorEnvelope, ReplayServer, sendAnswer } from './replay-server.ts'
import { messageOf, processText, testKey } from './samples.ts'

type Fault = (response: ServerResponse, storeLate: () => void) => void

/** A broker with a queue: enough of one to lose answers in every way. */
class SmallBroker {
  readonly server = new ReplayServer()
  readonly processes = new Map<string, { label: string; state: number }>()
  submits = 0
  looks = 0
  /** One per submit, in order; without one the submit is answered. */
  readonly faults: { readonly store: boolean | 'late'; readonly answer: Fault }[] = []
  failLooks = 0

  constructor() {
    this.server.handler = (body, response) => this.#serve(messageOf(body), response)
  }

  #text(id: string): string {
    const process = this.processes.get(id)
    return processText({ processid: id, state: process?.state ?? 0 })
  }

  #store(label: string): string {
    const id = `p${this.processes.size + 1}`
    this.processes.set(id, { label, state: 0 })
    return id
  }

  #serve(message: Record<string, unknown>, response: ServerResponse): void {
    const reply = (text: string): void =>
      sendAnswer(response, { status: 200, body: envelope(String(message['msgtype']), text) })
    if (message['msgtype'] === 'submitfuncspecmsg') {
      this.submits++
      const { label } = message['spec'] as { label: string }
      const fault = this.faults.shift()
      if (fault?.store === true) this.#store(label)
      if (fault === undefined) reply(this.#text(this.#store(label)))
      else fault.answer(response, () => this.#store(label))
    } else if (message['msgtype'] === 'removeprocessmsg') {
      this.processes.delete(String(message['processid']))
      reply('{}')
    } else if (this.failLooks-- > 0) {
      sendAnswer(response, { status: 503, body: '' })
    } else {
      reply(this.#look(message))
    }
  }

  #look(message: Record<string, unknown>): string {
    this.looks++
    const found = [...this.processes].filter(
      ([, { label, state }]) => label === message['label'] && state === message['state'],
    )
    return found.length === 0 ? 'null' : `[${found.map(([id]) => this.#text(id)).join(',')}]`
  }
}

const lose: Readonly<Record<string, Fault>> = {
  'connection cut': (response) => response.destroy(),
  'empty 200': (response) => sendAnswer(response, { status: 200, body: '' }),
  'empty 500': (response) => sendAnswer(response, { status: 500, body: '' }),
  'HTML 502': (response) => sendAnswer(response, { status: 502, body: '<html>' }),
  'stalled body': (response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('{')
  },
  'no answer': () => {},
  'half an envelope': (response) => sendAnswer(response, { status: 200, body: '{"payloadtype":"submitfuncspecmsg"' }),
  'another envelope': (response) => sendAnswer(response, { status: 200, body: envelope('getusersmsg', '[]') }),
  'a process that is none': (response) =>
    sendAnswer(response, { status: 200, body: envelope('submitfuncspecmsg', '{}') }),
  'status 500': (response) => sendAnswer(response, { status: 500, body: errorEnvelope(500) }),
}

const spec: FunctionSpec = { funcname: 'f', conditions: { colonyname: 'dev', executortype: 'worker' } }

type Story = (broker: SmallBroker, client: ColoniesClient) => Promise<void>

/** A broker and a client of its own for each test: they run at the same time, as most of them wait. */
const tell = async (story: Story): Promise<void> => {
  const broker = new SmallBroker()
  const client = new ColoniesClient({ url: await broker.server.start(), privateKey: testKey })
  try {
    await story(broker, client)
  } finally {
    client.close()
    await broker.server.stop()
  }
}

describe.concurrent('submit', () => {
  it('sends once when the answer comes, and looks nothing up', () =>
    tell(async (broker, client) => {
      const process = await client.submit(spec)
      expect(process.processid).toBe('p1')
      expect([broker.submits, broker.looks, broker.processes.size]).toEqual([1, 0, 1])
    }))

  it('has a label of its own for each, or the one that it is given', () =>
    tell(async (broker, client) => {
      await client.submit(spec)
      await client.submit(spec)
      await client.submit(spec, { label: 'mine' })
      await client.submit({ ...spec, label: 'in the spec' })
      const labels = [...broker.processes.values()].map(({ label }) => label)
      expect(new Set(labels).size).toBe(4)
      expect(labels.slice(2)).toEqual(['mine', 'in the spec'])
      expect(labels[0]).toMatch(/^[0-9a-f-]{36}$/)
      await expect(client.submit(spec, { label: '' })).rejects.toMatchObject({ kind: 'invalid' })
    }))

  it.each(Object.entries(lose))('makes one process when it was stored and the answer lost: %s', (_how, answer) =>
    tell(async (broker, client) => {
      broker.faults.push({ store: true, answer })
      const process = await client.submit(spec, { attemptMs: 200 })
      expect(process.processid).toBe('p1')
      expect([broker.submits, broker.processes.size]).toEqual([1, 1])
    }),
  )

  it.each(Object.entries(lose))('makes one process when nothing was stored: %s', (_how, answer) =>
    tell(async (broker, client) => {
      broker.faults.push({ store: false, answer })
      const process = await client.submit(spec, { attemptMs: 200 })
      expect(process.processid).toBe('p1')
      expect([broker.submits, broker.processes.size]).toEqual([2, 1])
      // Three complete looks through the five states before the repeat, one after it.
      expect(broker.looks).toBe(20)
    }),
  )

  it('finds a process that was stored after the connection was cut', () =>
    tell(async (broker, client) => {
      broker.faults.push({
        store: 'late',
        answer: (response, storeLate) => {
          response.destroy()
          setTimeout(storeLate, 200)
        },
      })
      const process = await client.submit(spec)
      expect(process.processid).toBe('p1')
      expect([broker.submits, broker.processes.size]).toEqual([1, 1])
    }))

  it.each([1, 2, 3, 4])('finds it in state %i as well', (state) =>
    tell(async (broker, client) => {
      broker.faults.push({
        store: true,
        answer: (response) => {
          for (const process of broker.processes.values()) process.state = state
          response.destroy()
        },
      })
      expect(await client.submit(spec)).toMatchObject({ processid: 'p1', state })
      expect(broker.submits).toBe(1)
    }),
  )

  it('does not repeat before it could look', () =>
    tell(async (broker, client) => {
      broker.faults.push({ store: true, answer: (response) => response.destroy() })
      broker.failLooks = 3
      expect((await client.submit(spec)).processid).toBe('p1')
      expect(broker.submits).toBe(1)
    }))

  it('keeps the one that runs and removes the one that waits when there are two after all', () =>
    tell(async (broker, client) => {
      broker.faults.push({
        store: 'late',
        answer: (response) => response.destroy(),
      })
      broker.faults.push({
        store: true,
        answer: (response, storeLate) => {
          storeLate()
          for (const [id, process] of broker.processes) process.state = id === 'p2' ? 1 : 0
          response.destroy()
        },
      })
      expect(await client.submit(spec)).toMatchObject({ processid: 'p2', state: 1 })
      expect([...broker.processes.keys()]).toEqual(['p2'])
    }))

  it('repeats nothing that was refused', () =>
    tell(async (broker, client) => {
      broker.faults.push({
        store: false,
        answer: (response) => sendAnswer(response, { status: 403, body: errorEnvelope(403) }),
      })
      await expect(client.submit(spec)).rejects.toMatchObject({ kind: 'forbidden', outcome: 'not_applied' })
      expect([broker.submits, broker.looks]).toEqual([1, 0])
    }))

  it('ends at its deadline and says how to find out', () =>
    tell(async (broker, client) => {
      broker.faults.push({ store: true, answer: () => {} })
      broker.failLooks = 1000
      const startMs = performance.now()
      const failed = client.submit(spec, { label: 'token-1', attemptMs: 100, deadlineMs: 600 })
      await expect(failed).rejects.toMatchObject({
        kind: 'timeout',
        outcome: 'unknown',
        message: expect.stringContaining('token-1'),
      })
      expect(performance.now() - startMs).toBeLessThan(3000)
      expect(broker.submits).toBe(1)
    }))

  it('waits for a server that is not there, and knows that it changed nothing', () =>
    tell(async (broker, client) => {
      await broker.server.stop()
      const failed = client.submit(spec, { deadlineMs: 400 })
      await expect(failed).rejects.toMatchObject({ kind: 'timeout', outcome: 'not_applied' })
      await expect(failed).rejects.toMatchObject({ cause: expect.any(ColoniesError) })
      await broker.server.start()
    }))

  it('stops when it is aborted', () =>
    tell(async (broker, client) => {
      const controller = new AbortController()
      broker.faults.push({
        store: true,
        answer: (response) => {
          response.destroy()
          controller.abort()
        },
      })
      await expect(client.submit(spec, { signal: controller.signal })).rejects.toMatchObject({
        kind: 'aborted',
        outcome: 'unknown',
      })
    }))
})
