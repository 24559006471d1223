import type { Answer, Rpc } from '../../src/ledger/index.ts'
import type { Computer } from './computer.ts'
import type { ExecuteModel } from './execute-model.ts'
import { type Carried, carry, type Network } from './network.ts'
import type { Scheduler } from './scheduler.ts'

export interface FakeRpcOptions {
  readonly scheduler: Scheduler
  readonly network: Network
  readonly computer: Computer
  readonly model: ExecuteModel
}

const none: Answer = Object.freeze({
  status: 0,
  code: undefined,
  json: false,
  data: undefined,
  retryAfterMs: undefined,
})
const bare = (status: number, rest: Partial<Answer> = {}): Answer => ({ ...none, status, ...rest })

/** What something on the way says in place of the database. */
const wrongAnswers: readonly ((real: Answer) => Answer)[] = [
  () => bare(404),
  () => bare(502),
  () => bare(504, { retryAfterMs: 200 }),
  () => bare(500, { json: true, code: 'XX000' }),
  () => bare(200, { json: true, data: {} }),
  () => bare(200),
  // Somebody else's answer.
  (real) => ({ ...real, data: { ...(real.data as object), process: '0'.repeat(64), output: { effect: 0 } } }),
]

/** The way from a hive to the database: calls get lost before or after the work, are refused, answered by others, doubled. */
export function fakeRpc({ scheduler, network, computer, model }: FakeRpcOptions): Rpc {
  const { random } = scheduler
  return (call, signal) =>
    new Promise<Answer>((resolve) => {
      // The real one fails a request whose signal has been aborted without sending it.
      if (signal.aborted) return resolve(none)
      let over = false
      const end = (answer: Answer): void => {
        if (over) return
        over = true
        signal.removeEventListener('abort', abort)
        resolve(answer)
      }
      const abort = (): void => end(none)
      signal.addEventListener('abort', abort)
      const arrive = (carried: Carried<Answer>): void => {
        if (carried === 'lost') return
        end(carried === 'refused' || carried === 'reset' ? none : carried.reply)
      }
      carry<Answer>(scheduler, network, {
        from: computer,
        to: model,
        what: `rpc ${String(call['op'])}`,
        serve(reply) {
          if (!network.strikes('wrongAnswer')) {
            // A proxy that has heard nothing sends it a second time; the caller sees one answer.
            if (network.strikes('wrongAnswer')) model.serve(call, () => undefined)
            return model.serve(call, reply)
          }
          if (random.boolean(0.3)) return reply(bare(random.pick([429, 503]), { retryAfterMs: 100 }))
          if (random.boolean(0.3)) return reply(random.pick(wrongAnswers)(none))
          model.serve(call, (real) => reply(random.pick(wrongAnswers)(real)))
        },
        arrive,
      })
    })
}
