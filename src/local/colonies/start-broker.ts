import { fork } from 'node:child_process'
import { once } from 'node:events'
import { BeeError } from '../../errors.ts'

export interface BrokerOptions {
  readonly databaseUrl: string
  /** 0 takes a free one. */
  readonly port: number
  /** Identity of the server owner. */
  readonly serverId: string
  readonly faultControl: boolean
}

export type BrokerReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export interface BrokerProcess {
  readonly port: number
  /** Resolves when the process has ended, wanted or not. */
  readonly exited: Promise<void>
  stop(): Promise<void>
}

const startTimeoutMs = 30_000

/**
 * Starts the local Colonies server in a child process. It ends with us, however we end.
 *
 * @throws BeeError BEE_PORT_IN_USE, BEE_LOCAL_STACK_FAILED
 */
export async function startBroker(options: BrokerOptions): Promise<BrokerProcess> {
  const child = fork(new URL('./main.ts', import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit').then(() => {})
  child.send(options)
  const report = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(startTimeoutMs) }).then(
      ([message]) => message as BrokerReport,
    ),
    exited.then((): BrokerReport => ({ kind: 'failed', code: 'exit', message: 'the process ended at once' })),
  ]).catch((): BrokerReport => ({ kind: 'failed', code: 'timeout', message: `not ready within ${startTimeoutMs} ms` }))
  if (report.kind === 'failed') {
    child.kill('SIGKILL')
    if (report.code === 'BEE_PORT_IN_USE') {
      throw new BeeError('BEE_PORT_IN_USE', `The local Colonies server's port ${options.port} is taken.`)
    }
    throw new BeeError('BEE_LOCAL_STACK_FAILED', `The local Colonies server did not start: ${report.message}`)
  }
  return {
    port: report.port,
    exited,
    async stop() {
      if (child.connected) child.send('stop')
      const force = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exited
      clearTimeout(force)
    },
  }
}
