import { createKeepAliveFetch, createLedger, type Ledger, type LedgerOptions } from '../../src/ledger/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { startTestGateway, type TestGateway } from '../support/index.ts'
import { type LedgerDatabase, ledgerDatabase } from './ledger-database.ts'

export interface GatewayLedger extends LedgerDatabase {
  readonly gateway: TestGateway
  /** A ledger on the gateway with short waits. `requests` are the calls that it sent. */
  readonly open: (options?: Partial<LedgerOptions>) => Ledger & { readonly requests: () => number }
}

/** A database with its RPC gateway. */
export async function gatewayLedger(): Promise<GatewayLedger> {
  const database = await ledgerDatabase()
  const gateway = await startTestGateway(database.database.url)
  const open: GatewayLedger['open'] = (options = {}) => {
    let requests = 0
    const send = options.fetch ?? createKeepAliveFetch()
    const counting: typeof fetch = (...args) => {
      requests += 1
      return send(...args)
    }
    const ledger = createLedger({
      url: gateway.url,
      key: gateway.keys.service_role,
      retry: { tries: 4, baseMs: 5, factor: 2, capMs: 20 },
      tryTimeoutMs: 700,
      ...options,
      fetch: counting,
    })
    return { ...ledger, breaker: ledger.breaker, requests: () => requests }
  }
  const close = async () => {
    await gateway.close()
    await database.close()
  }
  return { ...database, gateway, open, close }
}

/** A budget from now. */
export const within = (ms: number) => ({ deadlineMs: systemClock.monotonicMs() + ms })
