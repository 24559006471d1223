/** The local Colonies server as an OS process of its own, so that neither stalls the other. Started by start-broker.ts. */
import { BeeError } from '../../errors.ts'
import { createLog } from '../../telemetry/index.ts'
import type { BrokerOptions, BrokerReport } from './start-broker.ts'
import { startColoniesServer } from './start-colonies-server.ts'

const report = (message: BrokerReport) => process.send?.(message)

process.once('message', async (options: BrokerOptions) => {
  try {
    const server = await startColoniesServer({
      databaseUrl: options.databaseUrl,
      port: options.port,
      serverId: options.serverId,
      settings: { allowExecutorReregister: true },
      faultControl: options.faultControl,
    })
    const stop = () => void server.close().finally(() => process.exit(0))
    process.once('disconnect', stop)
    process.once('message', stop)
    report({ kind: 'listening', port: server.port })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    report({
      kind: 'failed',
      code: code ?? 'unknown',
      message: error instanceof BeeError ? error.message : String(error),
    })
    process.exit(1)
  }
})

// Ctrl-C in a terminal reaches the whole group; the parent decides when this one stops.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.on('unhandledRejection', (error) => {
  createLog().error({ error }, 'the local Colonies server failed')
  process.exit(1)
})
