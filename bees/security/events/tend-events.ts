import { freshSteps, z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'

const tended = z.object({
  /** Partitions made ahead and dropped. */
  made: z.int(),
  dropped: z.int(),
  /** Rows that were forgotten. */
  ids: z.int(),
  addresses: z.int(),
  notes: z.int(),
  more: z.boolean(),
  /** Notes of auth hooks that could not be kept, since ever. */
  hook_failures: z.coerce.number(),
})

const reserveMs = 10_000

/** Partitions ahead of time; what is older than the retention goes. In small transactions, as often as there is more. */
export const tendEvents = defineSecurityTask({
  description: 'Makes partitions for security events ahead of time and drops what is older than the retention.',
  input: z.object({}),
  output: tended,
  deadlineMs: 120_000,
  counts: ['dropped_partitions', 'forgotten_ids'],
  schedule: { everyS: 3600, input: {} },
  run: async ({ services, transact, process, count, shuttingDown }) => {
    const payload = { retention_days: services.ingest.retentionDays }
    const steps = await freshSteps(transact, payload)
    const sum = { made: 0, dropped: 0, ids: 0, addresses: 0, notes: 0, more: true, hook_failures: 0 }
    if (steps === undefined) return sum
    for (let round = tended.parse(steps.output); ; ) {
      for (const name of ['made', 'dropped', 'ids', 'addresses', 'notes'] as const) sum[name] += round[name]
      sum.hook_failures = round.hook_failures
      sum.more = round.more
      const isOver = process.remainingMs() < reserveMs || shuttingDown.aborted || steps.left() < 2
      if (!round.more || isOver) break
      round = tended.parse((await steps.transact(payload)).output)
    }
    if (sum.dropped > 0) count('dropped_partitions', sum.dropped)
    if (sum.ids > 0) count('forgotten_ids', sum.ids)
    return sum
  },
})
