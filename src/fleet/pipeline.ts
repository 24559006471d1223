import { BeeError } from '../errors.ts'
import { admit } from './pipeline/admit.ts'
import { close } from './pipeline/close.ts'
import { run } from './pipeline/run.ts'
import { sign } from './pipeline/sign.ts'
import type { Step } from './pipeline/step.ts'
import { store } from './pipeline/store.ts'
import type { StepName } from './step-names.ts'
import { advance, type TaskRecord } from './task-record.ts'
import type { Workbench } from './workbench.ts'

/** The steps after the assignment, in order. `transact` is the function that `run` hands to the handler. */
export const steps: readonly { readonly name: StepName; readonly step: Step }[] = Object.freeze([
  { name: 'admit', step: admit },
  { name: 'run', step: run },
  { name: 'sign', step: sign },
  { name: 'store', step: store },
  { name: 'close', step: close },
])

/** Takes one assignment through all steps. Never rejects: what nobody foresaw leaves the process to the broker. */
export async function runPipeline(first: TaskRecord, bench: Workbench): Promise<TaskRecord> {
  let record = first
  try {
    await bench.onStep?.('assign', record)
    for (const { name, step } of steps) {
      record = await step(record, bench)
      await bench.onStep?.(name, record)
    }
    return record
  } catch (thrown) {
    // The message of a foreign error may quote the input; its name and place do not.
    const name = thrown instanceof Error ? thrown.name : typeof thrown
    const error = thrown instanceof BeeError ? thrown : new BeeError('BEE_INTERNAL', `a step threw ${name}`)
    bench.log.error({ code: error.code, at: placeOf(thrown) }, 'a step failed')
    return advance(record, { ending: { kind: 'left', error } })
  }
}

const placeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error ? thrown.stack?.split('\n').find((line) => line.trimStart().startsWith('at ')) : undefined
