import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ExecutorSettings, FromExecutor, Passed, ToExecutor } from './messages.ts'

type Kind = FromExecutor['kind']
type Of<K extends Kind> = Extract<FromExecutor, { readonly kind: K }>

/** One executor, alive in a process of its own. */
export interface ExecutorProcess {
  readonly pid: number
  /** Registers and polls. @returns who it is at the broker */
  readonly start: () => Promise<Of<'started'>>
  /** Stops the process with that note where it has passed that step; resolves when the order was heard. */
  readonly arm: (note: string, passed: Passed) => Promise<void>
  readonly go: (note: string) => void
  /** Begins a drain; resolves when it has begun. */
  readonly drain: (graceMs: number) => Promise<void>
  readonly drained: () => Promise<Of<'drained'>>
  /** Waits for a message; one that has come already counts. */
  readonly heard: <K extends Kind>(kind: K, fits?: (message: Of<K>) => boolean) => Promise<Of<K>>
  /** Whether such a message has come. */
  readonly hasHeard: <K extends Kind>(kind: K, fits: (message: Of<K>) => boolean) => boolean
  /** kill -9; resolves when it is gone. */
  readonly kill: () => Promise<void>
  /** SIGSTOP and SIGCONT. */
  readonly freeze: () => void
  readonly thaw: () => void
  readonly close: () => Promise<void>
}

/** Loads an executor without starting it. */
export async function loadExecutor(settings: ExecutorSettings): Promise<ExecutorProcess> {
  const child: ChildProcess = fork(new URL('./executor.ts', import.meta.url), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const heard: FromExecutor[] = []
  const listeners = new Set<() => void>()
  const wake = () => {
    for (const listener of listeners) listener()
  }
  child.on('message', (message: FromExecutor) => {
    heard.push(message)
    wake()
  })
  exited.then(wake, wake)
  const tell = (message: ToExecutor) => void child.send(message, () => undefined)
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null

  const find = <K extends Kind>(kind: K, fits: (message: Of<K>) => boolean): Of<K> | undefined =>
    heard.find((message): message is Of<K> => message.kind === kind && fits(message as Of<K>))

  const waitFor = <K extends Kind>(kind: K, fits: (message: Of<K>) => boolean = () => true): Promise<Of<K>> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find(kind, fits)
        if (found === undefined && !hasEnded()) return
        listeners.delete(look)
        if (found === undefined) reject(new Error(`the executor ended before it said ${kind}`))
        else resolve(found)
      }
      listeners.add(look)
      look()
    })

  const kill = async () => {
    if (!hasEnded()) child.kill('SIGKILL')
    await exited
  }
  tell({ kind: 'settings', settings })
  await waitFor('loaded')
  return {
    pid: child.pid ?? 0,
    start() {
      tell({ kind: 'start' })
      return waitFor('started')
    },
    async arm(note, passed) {
      tell({ kind: 'arm', note, passed })
      await waitFor('armed', (message) => message.note === note)
    },
    go: (note) => tell({ kind: 'go', note }),
    async drain(graceMs) {
      tell({ kind: 'drain', graceMs })
      await waitFor('draining')
    },
    drained: () => waitFor('drained'),
    heard: waitFor,
    hasHeard: (kind, fits) => find(kind, fits) !== undefined,
    kill,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    close: kill,
  }
}
