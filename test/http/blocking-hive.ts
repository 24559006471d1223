/** A hive's HTTP server whose main loop can be blocked on request: run as a child process by server.test.ts. */
import { startHttp } from '../../src/http/index.ts'
import { silentLog } from '../../src/telemetry/index.ts'
import { emptyStatus } from './status.ts'

const server = await startHttp({
  host: '127.0.0.1',
  port: 0,
  livenessMs: 1000,
  log: silentLog,
  metrics: { render: async () => 'bees_test 1\n' },
  status: () => emptyStatus,
  jwks: async () => ({ keys: [] }),
})
server.setReadiness({ started: true, ready: true, reasons: [] })
process.on('message', (blockMs: number) => {
  process.send?.('blocking')
  setImmediate(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs)
    process.send?.('awake')
  })
})
process.send?.({ port: server.port })
