/** Who a process is: its id alone is given away again, its id and birth together are not. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Is there a process of that id? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A text that stays the same as long as this very process lives; `undefined` when there is none. */
export function birthOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined
  if (process.platform === 'linux') {
    const startTicks = statFields(pid)?.[19]
    return startTicks === undefined ? undefined : `${read('/proc/sys/kernel/random/boot_id')?.trim()}:${startTicks}`
  }
  const ps = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 })
  return ps.stdout?.trim() || undefined
}

/** The command line of a process, or `undefined`. */
export function commandOf(pid: number): string | undefined {
  if (process.platform === 'linux') return read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim()
  const ps = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 })
  return ps.stdout?.trim() || undefined
}

function isZombie(pid: number): boolean {
  return process.platform === 'linux' && statFields(pid)?.[0] === 'Z'
}

/** The fields of /proc/<pid>/stat from the state on; the name before it may contain anything. */
function statFields(pid: number): string[] | undefined {
  const stat = read(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
