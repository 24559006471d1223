/** The gateway as a process of its own. It takes its options over IPC (they hold secrets) and lives as long as its parent. */

import { Writable } from 'node:stream'
import { pino } from 'pino'
import { toBeeError } from '../../errors.ts'
import { createGateway, type Gateway } from './create-gateway.ts'
import { type ToParent, toChild } from './messages.ts'

let gateway: Gateway | undefined

const tell = (message: ToParent): void => {
  if (process.connected) process.send?.(message, () => undefined)
}

const levels = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' } as const
const log = pino(
  { level: 'info', base: { part: 'gateway' } },
  new Writable({
    write(line, _encoding, done) {
      const parsed: { readonly level: keyof typeof levels } = JSON.parse(String(line))
      tell({ type: 'log', level: levels[parsed.level] ?? 'error', line: parsed })
      done()
    },
  }),
)

async function stop(): Promise<void> {
  await gateway?.close()
  process.exit(0)
}

process.on('message', (raw) => {
  const message = toChild.parse(raw)
  if (message.type === 'stop') {
    stop().catch(() => process.exit(1))
    return
  }
  createGateway({ ...message.settings, log }).then(
    (created) => {
      gateway = created
      tell({ type: 'ready', port: created.port })
    },
    (thrown: unknown) => {
      const { code, message: text } = toBeeError(thrown, 'BEE_LOCAL_STACK_FAILED')
      tell({ type: 'failed', code, message: text })
      process.disconnect()
    },
  )
})

// The parent is gone, however it died.
process.on('disconnect', () => stop().catch(() => process.exit(1)))
// Ctrl-C reaches the whole group; the parent drains first and then tells us.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => stop().catch(() => process.exit(1)))
