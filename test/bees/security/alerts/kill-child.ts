import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startTestGateway } from '../../../support/index.ts'
import type { AlertDesk } from './desk.ts'

export interface KillableRun {
  /** kill -9. */
  kill(): void
  readonly killed: boolean
  [Symbol.asyncDispose](): Promise<void>
}

/** One run of deliverDue in a process of its own, which can be killed at any moment. */
export async function runToKill(desk: AlertDesk, receivers: string): Promise<KillableRun> {
  const gateway = await startTestGateway(desk.database.url)
  const script = fileURLToPath(new URL('./deliver-once.ts', import.meta.url))
  const child = spawn(process.execPath, [script], {
    env: {
      ...process.env,
      TEST_GATEWAY_URL: gateway.url,
      TEST_GATEWAY_KEY: gateway.keys.bee,
      TEST_AT_MS: String(desk.nowMs),
      SECURITY_RECEIVERS: receivers,
      SECURITY_ALLOW_PRIVATE_RECEIVERS: 'true',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let killed = false
  child.on('exit', (_code, signal) => {
    killed = signal === 'SIGKILL'
  })
  return {
    kill: () => void child.kill('SIGKILL'),
    get killed() {
      return killed
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await gateway[Symbol.asyncDispose]()
    },
  }
}
