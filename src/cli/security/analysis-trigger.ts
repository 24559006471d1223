import { toBeeError } from '../../errors.ts'
import type { Submitter } from '../../fleet/index.ts'
import type { Log } from '../../telemetry/index.ts'

export interface AnalysisTriggerParts {
  readonly submitter: Submitter
  readonly bee: string
  readonly task: string
  readonly log: Log
}

const submitMs = 5000
/** After that somebody else's run is not waited for. */
const patienceMs = 15_000

/**
 * Asks for an analysis of a tenant's events. At most one is under way and one asked for behind it, however many batches
 * come: the one behind sees all of them. That it cannot be asked for is no error; a schedule looks as well.
 */
export function analysisTrigger({ submitter, bee, task, log }: AnalysisTriggerParts): (tenant: string) => void {
  /** For each tenant with a run under way: whether something came since it was asked for. */
  const under = new Map<string, { again: boolean }>()

  const run = async (tenant: string, state: { again: boolean }): Promise<void> => {
    do {
      state.again = false
      try {
        const { processId } = await submitter.submit({ bee, task, input: { tenant }, timeoutMs: submitMs })
        await submitter.waitFor(processId, { timeoutMs: patienceMs })
      } catch (thrown) {
        log.debug({ code: toBeeError(thrown).code }, 'no analysis at once; the schedule will see to it')
      }
    } while (state.again)
    under.delete(tenant)
  }

  return (tenant) => {
    const state = under.get(tenant)
    if (state !== undefined) {
      state.again = true
      return
    }
    const fresh = { again: false }
    under.set(tenant, fresh)
    void run(tenant, fresh)
  }
}
