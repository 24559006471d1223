import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A node process that has started and waits. */
export async function spawnIdle(): Promise<{ readonly pid: number; readonly stop: () => void }> {
  const child = spawn(process.execPath, ['-e', "console.log('up'); setInterval(() => {}, 1e6)"], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, stop: () => void child.kill() }
}
