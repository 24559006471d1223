import { randomBytes } from 'node:crypto'
import { SigningKey } from '../../src/trust/index.ts'
import { systemEnv } from '../hive/system-env.ts'
import { startStub } from '../stub/stub-process.ts'

/** The stub and the environments of the two that are measured against it. */
export async function surroundings(logFile: string) {
  const seed = () => randomBytes(32).toString('hex')
  const envelopeSeed = seed()
  const stub = await startStub(envelopeSeed)
  const fleet: Record<string, string> = {
    ...systemEnv,
    COLONIES_SERVER_HOST: '127.0.0.1',
    COLONIES_SERVER_PORT: String(stub.port),
    COLONIES_COLONY_PRVKEY: seed(),
    SUPABASE_URL: `http://127.0.0.1:${stub.port}`,
    SUPABASE_SECRET_KEY: 'sb_secret_bench',
    BEES_RECEIPT_KEY: seed(),
    BEES_SUBMITTER_KEY: envelopeSeed,
    BEES_PORT: '0',
    BEES_DIR: 'bench/bees',
    BEES_ONLY: 'worker',
    BENCH_LOG: logFile,
  }
  const naive: Record<string, string> = {
    ...systemEnv,
    BENCH_URL: `http://127.0.0.1:${stub.port}`,
    BENCH_SUBMITTER_X: new SigningKey(envelopeSeed).publicJwk.x,
  }
  return { stub, fleet, naive }
}
