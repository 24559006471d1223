import type { ChildProcess } from 'node:child_process'

/** The next message of a child; rejects when the child ends instead or stays silent for two minutes. */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      end()
    }
    const onMessage = (message: unknown): void => settle(() => resolve(message as T))
    const onExit = (code: number | null): void =>
      settle(() => reject(new Error(`a child process of the benchmark ended with ${code}`)))
    const timer = setTimeout(
      () => settle(() => reject(new Error('a child process of the benchmark stays silent'))),
      120_000,
    )
    child.on('message', onMessage).on('exit', onExit)
  })
}
