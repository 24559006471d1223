/**
 * Postgres under a guardian: a shell of a few lines that waits on a pipe to us. However we die, the pipe closes, and the
 * guardian shuts Postgres down; no server is ever left behind. It has its own process group, so that Ctrl-C in the
 * terminal reaches us alone and we can drain first.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import type { UserIds } from './unprivileged.ts'

const script = `
exec 3<&0
"$@" 3<&- </dev/null >&2 &
server=$!
echo "$server"
{ read -r _ <&3; kill -INT "$server"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
`

export interface GuardedProcess {
  /** The process id of the postmaster, or `undefined` when the guardian could not even start. */
  readonly pid: Promise<number | undefined>
  /** Fast shutdown: open transactions are rolled back, committed ones are safe. */
  readonly shutDown: () => void
  /** Resolves when Postgres and its guardian are gone. Never rejects. */
  readonly exited: Promise<void>
  readonly hasExited: () => boolean
}

/** @param logFd an open file for what Postgres says. */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: { readonly user: UserIds | undefined; readonly logFd: number; readonly env: NodeJS.ProcessEnv },
): GuardedProcess {
  const child: ChildProcess = spawn('/bin/sh', ['-c', script, 'colony-bees-guardian', command, ...args], {
    ...options.user,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'pipe', options.logFd],
    env: options.env,
  })
  let gone = false
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      gone = true
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  const pid = new Promise<number | undefined>((resolve) => {
    child.stdout?.once('data', (line) => {
      resolve(Number.parseInt(String(line), 10))
      child.stdout?.destroy()
    })
    exited.then(() => resolve(undefined))
  })
  child.stdin?.on('error', () => undefined)
  child.unref()
  const pipe = child.stdin as { unref?: () => void } | null
  pipe?.unref?.()
  return { pid, shutDown: () => child.stdin?.destroy(), exited, hasExited: () => gone }
}
