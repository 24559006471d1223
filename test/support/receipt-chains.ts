import { parseJwks, verifyChain } from '../../src/trust/index.ts'
import { adminQuery } from './database-url.ts'

export interface ChainReport {
  readonly receipts: number
  readonly executors: number
  /** Codes and messages of whatever is wrong; empty when every chain holds. */
  readonly findings: readonly string[]
}

/** Verifies every stored receipt and every chain with the keys that the hive serves. */
export async function checkReceiptChains(databaseUrl: string, hiveUrl: string): Promise<ChainReport> {
  const keys = parseJwks(await (await fetch(`${hiveUrl}/.well-known/jwks.json`)).text())
  const rows = await adminQuery(databaseUrl, 'select executor, jws from bees.receipts order by executor, seq')
  const chains = new Map<string, string[]>()
  for (const { executor, jws } of rows as { executor: string; jws: string }[]) {
    chains.set(executor, [...(chains.get(executor) ?? []), jws])
  }
  const findings = [...chains.values()].flatMap((receipts) => {
    const verdict = verifyChain(receipts, keys)
    return verdict.ok ? [] : verdict.findings.map(({ code, message }) => `${code}: ${message}`)
  })
  return { receipts: rows.length, executors: chains.size, findings }
}
