import { createHash, randomBytes } from 'node:crypto'
import type { Assignment, AssignOutcome, Broker, BrokerFactory } from '../../src/fleet/index.ts'
import { type SigningKey, signEnvelope } from '../../src/trust/index.ts'
import { workerInput } from '../worker-input.ts'

/** A broker without a network: hands out what was prepared, and counts the closes. */
export function createMemoryBroker(colony: string, envelopeKey: SigningKey) {
  const executor = randomBytes(32).toString('hex')
  let ready: Assignment[] = []
  let prepared: Assignment[] = []
  let closed = 0
  let finished: () => void = () => {}
  let waiting: ((outcome: AssignOutcome) => void) | null = null

  const make = (): Assignment => {
    const input = workerInput(randomBytes(8).toString('hex'))
    const nowMs = Date.now()
    const envelope = signEnvelope({ colony, bee: 'worker', task: 'write', input }, envelopeKey, { nowMs })
    return Object.freeze({
      processId: createHash('sha256').update(envelope).digest('hex'),
      task: 'write',
      kwargs: { input, envelope },
      executor,
      fence: Object.freeze({ retries: 0, starttime: new Date(nowMs).toISOString() }),
      submittedAt: nowMs,
      assignedAt: nowMs,
      budgetMs: 60_000,
    })
  }
  const broker: Broker = {
    executor,
    register: async () => null,
    unregister: async () => true,
    assign: () =>
      new Promise((resolve) => {
        const assignment = ready.pop()
        if (assignment === undefined) waiting = resolve
        else resolve({ kind: 'process', assignment })
      }),
    heartbeat: async () => true,
    close: async () => {
      closed -= 1
      if (closed === 0) finished()
      return { kind: 'closed' }
    },
    fail: async (_processId, errors) => {
      throw new Error(`a task of the benchmark failed: ${errors[0]}`)
    },
    running: async () => [],
    get: async () => 'unknown',
  }
  const factory: BrokerFactory = { canGiveBack: true, connect: () => broker }
  return {
    factory,
    prepare(tasks: number): void {
      prepared = Array.from({ length: tasks }, make)
    },
    /** Hands out what was prepared; resolves when all of it is closed. */
    release(): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      finished = resolve
      closed = prepared.length
      ready = prepared
      prepared = []
      const assignment = waiting === null ? undefined : ready.pop()
      if (assignment !== undefined) waiting?.({ kind: 'process', assignment })
      waiting = null
      return promise
    },
    /** The two things that are signed about one task. */
    sample() {
      const { processId, kwargs, fence } = make()
      const digest = '0'.repeat(64)
      const instant = new Date().toISOString()
      const draft = {
        process: processId,
        fence,
        bee: 'worker',
        task: 'write',
        schema: digest,
        input: digest,
        outcome: 'applied' as const,
        output: digest,
        error: null,
        ledger: [{ id: '1', step: 1, output: digest }],
        started: instant,
        finished: instant,
      }
      return { kwargs, draft }
    },
  }
}
