import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { BeeError, catalogue, type ErrorCode } from '../../errors.ts'
import { type ToChild, toParent } from './messages.ts'
import type { GatewayOptions } from './options.ts'

export interface RunningGateway {
  /** For `SUPABASE_URL`. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Lets running calls end (at most 5 s), then ends the process. Idempotent. */
  readonly stop: () => Promise<void>
  /** Resolves when the process has ended, wanted or not. */
  readonly exited: Promise<void>
}

const startTimeoutMs = 20_000
const stopTimeoutMs = 10_000
const entry = fileURLToPath(new URL('main.ts', import.meta.url))

/**
 * Runs the gateway as a child process, which ends with us, however we end.
 * @throws BeeError BEE_PORT_IN_USE, BEE_LOCAL_STACK_FAILED
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { log, ...settings } = options
  const child = fork(entry, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'json' })
  const tell = (message: ToChild): void => {
    if (child.connected) child.send(message, () => undefined)
  }
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (code: ErrorCode, message: string): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new BeeError(code, message))
    }
    const timer = setTimeout(
      () => fail('BEE_LOCAL_STACK_FAILED', `The gateway was not ready within ${startTimeoutMs} ms.`),
      startTimeoutMs,
    )
    child.once('exit', (status) => fail('BEE_LOCAL_STACK_FAILED', `The gateway ended at once (status ${status}).`))
    child.on('message', (raw) => {
      const message = toParent.parse(raw)
      if (message.type === 'ready') {
        clearTimeout(timer)
        resolve(message.port)
      } else if (message.type === 'failed') {
        fail(isErrorCode(message.code) ? message.code : 'BEE_LOCAL_STACK_FAILED', message.message)
      } else {
        log?.[message.level](message.line)
      }
    })
    tell({ type: 'start', settings })
  })
  // It must not keep us alive; our end is its end.
  child.unref()
  child.channel?.unref()
  return { url: `http://127.0.0.1:${port}`, port, pid: child.pid ?? 0, exited, stop }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    tell({ type: 'stop' })
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(timer)
  }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(catalogue, code)
