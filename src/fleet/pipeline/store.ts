import { toBeeError } from '../../errors.ts'
import { advance } from '../task-record.ts'
import type { Step } from './step.ts'

/**
 * Waits until the receipt is in the ledger: it is there before the broker hears of the result. When that does not
 * happen within the budget the process is left to the broker; its next assignment finds the work done.
 */
export const store: Step = async (record, bench) => {
  if (record.receipt === null || bench.writer === null) return record
  try {
    await bench.writer.stored(record.receipt, bench.reins.deadlineMs)
    return record
  } catch (thrown) {
    const error = toBeeError(thrown)
    bench.log.warn({ code: error.code }, 'the receipt is not stored; the process is left to the broker')
    return advance(record, { ending: { kind: 'left', error } })
  }
}
