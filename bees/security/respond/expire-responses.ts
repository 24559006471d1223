import { z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'

const round = z.object({
  /** Proposals and approvals whose time is up. */
  expired: z.int(),
  /** Actions whose restrictions were lifted. */
  lifted: z.int(),
  /** Those that could not be. */
  failed: z.int(),
  /** Actions that were looked at a minute later. */
  verified: z.int(),
  /** Of these: without the effect that they should have. */
  wrong: z.int(),
  /** Deleted sessions that can no longer be restored. */
  forgotten: z.int(),
})
const mostRounds = 20

/** Lifts what is over, ends what nobody decided about, and takes a second look at what was done. Safe to repeat. */
export const expireResponses = defineSecurityTask({
  description: 'Ends restrictions, proposals and approvals whose time is up, and verifies actions a minute after them.',
  input: z.strictObject({}),
  output: round,
  deadlineMs: 60_000,
  concurrency: 1,
  counts: ['lifted', 'failed', 'wrong'],
  schedule: { everyS: 30, input: {} },
  run: async ({ transact, signal, count }) => {
    let total = { expired: 0, lifted: 0, failed: 0, verified: 0, wrong: 0, forgotten: 0 }
    for (let n = 0; n < mostRounds; n += 1) {
      signal.throwIfAborted()
      const { output } = await transact({})
      const { more, ...one } = round.extend({ more: z.boolean() }).parse(output)
      total = {
        expired: total.expired + one.expired,
        lifted: total.lifted + one.lifted,
        failed: total.failed + one.failed,
        verified: total.verified + one.verified,
        wrong: total.wrong + one.wrong,
        forgotten: total.forgotten + one.forgotten,
      }
      if (!more) break
    }
    if (total.lifted > 0) count('lifted', total.lifted)
    if (total.failed > 0) count('failed', total.failed)
    if (total.wrong > 0) count('wrong', total.wrong)
    return total
  },
})
