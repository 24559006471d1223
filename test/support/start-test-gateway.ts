import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type Gateway, type GatewayOptions } from '../../src/local/gateway/index.ts'

/** API keys that tests use. */
export const testKeys = {
  anon: 'sb_publishable_anon_for_tests',
  authenticated: 'sb_publishable_authenticated_for_tests',
  service_role: 'sb_secret_service_role_for_tests',
  bee: 'sb_secret_bee_for_tests',
} as const

export interface TestGateway extends Gateway {
  readonly keys: typeof testKeys
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A gateway in this process, with a temporary storage folder, that is gone after `close`. */
export async function startTestGateway(
  databaseUrl: string,
  options: Partial<Omit<GatewayOptions, 'databaseUrl' | 'keys'>> = {},
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'bees-storage-'))
  const gateway = await createGateway({ storageDir: join(folder, 'storage'), ...options, databaseUrl, keys: testKeys })
  const close = async (): Promise<void> => {
    await gateway.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...gateway, keys: testKeys, close, [Symbol.asyncDispose]: close }
}
