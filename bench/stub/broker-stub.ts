import { createHash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { recoverIdentity } from '../../src/colonies/index.ts'
import { type SigningKey, signEnvelope } from '../../src/trust/index.ts'
import { workerInput } from '../worker-input.ts'

const colony = 'dev'
const zeroTime = '0001-01-01T00:00:00Z'

interface Waiter {
  readonly executor: string
  readonly response: ServerResponse
  readonly timer: NodeJS.Timeout
}

interface Message {
  readonly payloadtype: string
  readonly payload: string
  readonly signature: string
}

/**
 * The calls of a Colonies server that a fleet makes, without a queue behind them: an assign is answered with a fresh,
 * properly signed process while some are released, else it waits. Closes are accepted.
 */
export function createBrokerStub(envelopeKey: SigningKey) {
  const identities = new Map<string, string>()
  const waiters: Waiter[] = []
  let released = 0

  const give = (executor: string, response: ServerResponse): void => {
    released -= 1
    answer(response, 'assignprocessmsg', processOf(executor, envelopeKey))
  }

  /** The same poll has the same signature for ever, so whose it is need be found out once. */
  const identityOf = ({ payload, signature }: Message): string => {
    const known = identities.get(signature)
    if (known !== undefined) return known
    const identity = recoverIdentity(payload, signature) ?? ''
    identities.set(signature, identity)
    return identity
  }

  const assign = (message: Message, asked: { readonly timeout: number }, response: ServerResponse): void => {
    const executor = identityOf(message)
    if (released > 0) {
      give(executor, response)
      return
    }
    const forget = (): void => {
      clearTimeout(timer)
      if (waiters.includes(waiter)) waiters.splice(waiters.indexOf(waiter), 1)
    }
    const leave = (): void => {
      forget()
      const payload = Buffer.from(JSON.stringify({ status: 404, message: 'no process' })).toString('base64')
      send(response, 404, JSON.stringify({ payloadtype: 'errormsg', payload, error: true }))
    }
    const timer = setTimeout(leave, Math.max(0, asked.timeout) * 1000)
    const waiter: Waiter = { executor, response, timer }
    waiters.push(waiter)
    // Whoever hung up must not be given work.
    response.once('close', forget)
  }

  return {
    release(tasks: number): void {
      released += tasks
      for (const { executor, response, timer } of waiters.splice(0, released)) {
        clearTimeout(timer)
        give(executor, response)
      }
    },
    handle(body: string, response: ServerResponse): void {
      const message = JSON.parse(body) as Message
      const { payloadtype } = message
      const asked = JSON.parse(Buffer.from(message.payload, 'base64').toString())
      if (payloadtype === 'assignprocessmsg') assign(message, asked, response)
      else if (payloadtype === 'addexecutormsg') answer(response, payloadtype, executorOf(asked.executor))
      else if (payloadtype === 'addfunctionmsg') answer(response, payloadtype, functionOf(asked.fun))
      else if (/^get.*(functions|hist)msg$/.test(payloadtype)) answer(response, payloadtype, [])
      else answer(response, payloadtype, null)
    },
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function answer(response: ServerResponse, payloadtype: string, payload: unknown): void {
  const encoded = Buffer.from(JSON.stringify(payload)).toString('base64')
  send(response, 200, JSON.stringify({ payloadtype, payload: encoded, error: false }))
}

function processOf(executor: string, envelopeKey: SigningKey) {
  const now = new Date()
  const input = workerInput(randomBytes(8).toString('hex'))
  const envelope = signEnvelope({ colony, bee: 'worker', task: 'write', input }, envelopeKey, { nowMs: now.getTime() })
  return {
    processid: createHash('sha256').update(envelope).digest('hex'),
    initiatorid: executor,
    initiatorname: 'bench',
    assignedexecutorid: executor,
    isassigned: true,
    state: 1,
    prioritytime: now.getTime() * 1_000_000,
    submissiontime: now.toISOString(),
    starttime: now.toISOString(),
    endtime: zeroTime,
    waitdeadline: zeroTime,
    execdeadline: zeroTime,
    retries: 0,
    attributes: [],
    spec: specOf({ input, envelope }),
    waitforparents: false,
    parents: [],
    children: [],
    processgraphid: '',
    in: [],
    out: [],
    errors: [],
  }
}

const specOf = (kwargs: object) => ({
  nodename: '',
  funcname: 'write',
  args: [],
  kwargs,
  priority: 0,
  maxwaittime: -1,
  maxexectime: 60,
  maxretries: 3,
  conditions: {
    colonyname: colony,
    executornames: null,
    executortype: 'worker-bee',
    dependencies: [],
    nodes: 0,
    cpu: '0m',
    processes: 0,
    processespernode: 0,
    mem: '0Mi',
    storage: '0Mi',
    gpu: { name: '', mem: '0Mi', count: 0, nodecount: 0 },
    walltime: 0,
  },
  label: '',
  fs: { mount: '', snapshots: null, dirs: null },
  env: {},
  channels: [],
})

const executorOf = (executor: object) => ({
  ...executor,
  state: 1,
  requirefuncreg: false,
  commissiontime: zeroTime,
  lastheardfromtime: zeroTime,
  capabilities: { hardware: [], software: [] },
  allocations: { projects: {} },
})

const functionOf = (fun: object) => ({
  functionid: 'f',
  counter: 0,
  minwaittime: 0,
  maxwaittime: 0,
  minexectime: 0,
  maxexectime: 0,
  avgwaittime: 0,
  avgexectime: 0,
  ...fun,
})
