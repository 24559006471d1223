import { ColoniesClient, createHttpTransport } from '../../src/colonies/index.ts'
import { createSubmitter } from '../../src/fleet/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { SigningKey } from '../../src/trust/index.ts'
import worker from '../bees/worker/bee.ts'
import { workerInput } from '../worker-input.ts'

const colony = 'dev'
const success = 2

/** Hands the benchmark's tasks in to a running hive and sees them closed. */
export function createClient(env: Readonly<Record<string, string>>) {
  const url = `http://${env['COLONIES_SERVER_HOST']}:${env['COLONIES_SERVER_PORT']}`
  const transport = createHttpTransport({ url: `${url}/api` })
  const client = new ColoniesClient({ url, transport, privateKey: env['COLONIES_PRVKEY'] })
  const envelopeKey = new SigningKey(env['BEES_SUBMITTER_KEY'] ?? '')
  const submitter = createSubmitter({ client, colony, envelopeKey, bees: [worker], clock: systemClock })
  const submit = async (): Promise<string> => {
    const input = workerInput(crypto.randomUUID())
    return (await submitter.submit({ bee: 'worker', task: 'write', input })).processId
  }
  const done = async (): Promise<number> => (await client.getColonyStats(colony)).successfulprocesses
  return {
    submit,
    done,
    /** Waits until so many processes have been closed as successful, in all. */
    async untilDone(total: number): Promise<void> {
      const endsMs = performance.now() + 60_000
      while ((await done()) < total) {
        if (performance.now() > endsMs) throw new Error('the hive does not finish its tasks')
        await systemClock.sleep(50)
      }
    },
    /** Times of these processes by the broker's clock, ms since 1970. */
    async times(ids: ReadonlySet<string>) {
      const closed = await client.getProcessHist(colony, '', 600, success)
      return closed
        .filter(({ processid }) => ids.has(processid))
        .map(({ submissiontime, endtime }) => ({
          submittedMs: Date.parse(submissiontime ?? ''),
          closedMs: Date.parse(endtime ?? ''),
        }))
    },
    close: () => transport.close(),
  }
}

export type HiveClient = ReturnType<typeof createClient>
