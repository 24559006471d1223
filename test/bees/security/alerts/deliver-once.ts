import { randomBytes } from 'node:crypto'
import { deliverDue } from '../../../../bees/security/alerts/deliver-due.ts'
import { createAlertServices } from '../../../../bees/security/alerts/services.ts'
import { createLedger } from '../../../../src/ledger/index.ts'

/** A hive of one run, as a program: for tests that kill it. */
const { TEST_GATEWAY_URL: url = '', TEST_GATEWAY_KEY: key = '', TEST_AT_MS: atMs } = process.env
const ledger = createLedger({ url, key })
const id = randomBytes(32).toString('hex')
const signal = AbortSignal.timeout(20_000)
const never = new AbortController().signal
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
let step = 0

await deliverDue({
  ...{ signal, shuttingDown: never, log: quiet },
  alerts: createAlertServices(process.env, { atMs: () => Number(atMs) }),
  transact: (payload = null) => {
    step += 1
    return ledger.transact(
      {
        ...{ colony: 'test', process: id, executor: 'a'.repeat(64), bee: 'security', task: 'deliver_alerts', step },
        ...{ key: null, payload, nonce: null, input_digest: '0'.repeat(64), schema_hash: '0'.repeat(64) },
        fence: { retries: 0, starttime: '2026-11-24T12:00:00.000Z' },
      },
      {
        ...{ deadlineMs: performance.now() + 20_000, signal },
        retry: { tries: 1, baseMs: 1, factor: 1, capMs: 1 },
      },
    )
  },
})
