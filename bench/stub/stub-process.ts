import { fork } from 'node:child_process'
import { nextMessage } from '../report/next-message.ts'

export type ToStub =
  | { readonly kind: 'start'; readonly envelopeSeed: string }
  | { readonly kind: 'release'; readonly tasks: number }

export interface StubProcess {
  readonly port: number
  /** Lets so many more processes be assigned. */
  release(tasks: number): void
  stop(): void
}

/** @param envelopeSeed hex seed with which the stub signs the envelopes of its processes. */
export async function startStub(envelopeSeed: string): Promise<StubProcess> {
  const child = fork(new URL('stub-main.ts', import.meta.url), { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] })
  const tell = (message: ToStub) => child.send(message)
  const ready = nextMessage<{ readonly port: number }>(child)
  tell({ kind: 'start', envelopeSeed })
  const { port } = await ready
  return {
    port,
    release: (tasks) => void tell({ kind: 'release', tasks }),
    stop: () => void child.kill('SIGKILL'),
  }
}
