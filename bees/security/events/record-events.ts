import { type Json, sensitive, z } from '../../../src/bee/index.ts'
import { defineSecurityTask } from '../services.ts'
import { securityEvent } from './event.ts'
import { mandate } from './mandate.ts'
import { normalise } from './normalise.ts'
import { countRecorded, ingestCounts, noReply, recorded, recordedOf, recordReply } from './recorded.ts'

const mostItems = 5000

/**
 * Takes raw events of one tenant in: our own format or lines of a Supabase log drain, mixed as they come. What identifies a
 * person is hashed here, before anything is stored. All that can be read is kept in one transaction, each event once.
 */
export const recordEvents = defineSecurityTask({
  description: 'Normalises security events, keeps each once and queues them for analysis.',
  input: z.object({
    tenant: securityEvent.shape.tenant,
    items: sensitive(z.array(z.unknown()).max(mostItems)),
    /** What the sender may say; absent: anything. */
    mandate: mandate.optional(),
  }),
  output: recorded,
  deadlineMs: 30_000,
  retry: { tries: 3, baseMs: 100, capMs: 1000 },
  counts: ingestCounts,
  run: async ({ input, services, transact, count }) => {
    const { tenant, items } = input
    const { ingest } = services
    const batch = normalise(items, { tenant, pseudonyms: ingest.pseudonymsOf(tenant) }, input.mandate)
    // Nothing to keep is no transaction; a repeat comes to the same.
    const reply =
      batch.events.length === 0
        ? noReply
        : recordReply.parse(
            (await transact({ tenant, retention_days: ingest.retentionDays, events: batch.events as Json })).output,
          )
    countRecorded(batch, reply, count)
    return recordedOf(batch, reply)
  },
})
