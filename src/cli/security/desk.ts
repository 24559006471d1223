import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import { loadBees } from '../../bee/index.ts'
import type { Json } from '../../canonical.ts'
import type { JsonObject } from '../../colonies/index.ts'
import type { Config } from '../../config.ts'
import { BeeError } from '../../errors.ts'
import { createSubmitter } from '../../fleet/index.ts'
import { systemClock } from '../../resilience/index.ts'
import { SigningKey } from '../../trust/index.ts'
import { connectBroker, connectLedger, required } from '../connect.ts'
import { runningConfig } from '../environment.ts'
import { beesDir } from '../paths.ts'
import { databaseProblem, expectBroker } from '../reach.ts'

/** What a person at a terminal asks the Security Bee, and hands in to it under their own key. */
export interface Desk {
  /**
   * A look, straight at the database: what was found does not pass the broker.
   *
   * @param task whose `__read` function answers
   * @throws BeeError BEE_UNREACHABLE, BEE_TRANSACTION_UNKNOWN when the reply is not of this form
   */
  look<Reply>(task: string, payload: Json, reply: z.ZodType<Reply>): Promise<Reply>
  /**
   * Signs a task, hands it in and waits for its end.
   *
   * @returns its published output
   * @throws BeeError BEE_UNREACHABLE, BEE_NOT_ENDED; BEE_SECURITY_NOT_DONE when it was refused or failed
   */
  handIn(task: string, input: JsonObject): Promise<Json>
}

const bee = 'security'
const lookMs = 15_000
const waitMs = 60_000

export interface DeskOptions {
  /** @default what the environment or the local hive says */
  readonly config?: Config | undefined
  /** Signs with the person's key (BEES_APPROVER_KEY, else BEES_SUBMITTER_KEY) instead of the hive's. @default false */
  readonly asPerson?: boolean | undefined
}

/** @throws BeeError BEE_CONFIG_INVALID */
export async function openDesk({ config, asPerson = false }: DeskOptions = {}): Promise<Desk> {
  const settings = config ?? (await runningConfig())
  const personKey = asPerson ? settings.BEES_APPROVER_KEY : undefined
  const colony = settings.COLONIES_COLONY_NAME
  return {
    look: async (task, payload, reply) => {
      const call = { colony, process: `direct:${randomBytes(32).toString('hex')}`, bee, task, payload }
      const output = await connectLedger(settings)
        .query(call, { deadlineMs: performance.now() + lookMs })
        .catch((error: unknown) => {
          throw databaseProblem(settings, error)
        })
      const parsed = reply.safeParse(output)
      if (parsed.success) return parsed.data
      const at = parsed.error.issues[0]?.path.join('.') || 'as a whole'
      throw new BeeError(
        'BEE_TRANSACTION_UNKNOWN',
        `The database's answer about ${task} does not have the expected form (${at}). Does its version fit this program's? (bees migrate)`,
      )
    },
    handIn: async (task, input) => {
      await expectBroker(settings)
      const submitter = createSubmitter({
        client: connectBroker(settings),
        colony,
        envelopeKey: new SigningKey(personKey ?? required(settings, 'BEES_SUBMITTER_KEY')),
        bees: await loadBees(beesDir(settings), { only: [bee] }),
        clock: systemClock,
      })
      const { processId } = await submitter.submit({ bee, task, input })
      const final = await submitter.waitFor(processId, { timeoutMs: waitMs }).catch((error: unknown) => {
        if (!(error instanceof BeeError) || error.code !== 'BEE_DEADLINE') throw error
        const message = `process ${processId} has not ended after ${waitMs / 1000} s: no hive that runs the bee ${bee} has done it.`
        throw new BeeError('BEE_NOT_ENDED', message, { cause: error })
      })
      if (final.state === 'success') return final.result
      const told = final.errors.join('; ')
      const hint = told.includes('BEE_ENVELOPE_UNTRUSTED')
        ? '\nThe hive does not know the key that signed it. Is BEES_APPROVER_KEY yours? Its public part (`bees keys`) belongs into the hive’s BEES_TRUSTED_SUBMITTERS, and for decisions into SECURITY_APPROVERS.'
        : ''
      throw new BeeError('BEE_SECURITY_NOT_DONE', `process ${processId}: ${told}${hint}`)
    },
  }
}
