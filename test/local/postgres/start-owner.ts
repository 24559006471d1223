import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Owner {
  readonly child: ChildProcess
  /** What it said. */
  readonly said: Readonly<Record<string, unknown>>
  readonly kill: () => Promise<void>
}

/** Starts owner.ts and waits for its one line. */
export async function startOwner(what: 'lock' | 'postgres', dataDir: string, durable = false): Promise<Owner> {
  const entry = fileURLToPath(new URL('owner.ts', import.meta.url))
  const child = spawn(process.execPath, [entry, what, dataDir, String(durable)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said = await new Promise<Record<string, unknown>>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)))
    exited.then(() => reject(new Error('The owner ended without a word.')))
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return { child, said, kill }
}
