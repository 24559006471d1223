import { readdir, readFile } from 'node:fs/promises'

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

/** CPU time that an OS process has used so far, ms; NaN where there is no /proc. */
export async function cpuMs(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  if (tasks.length === 0) return Number.NaN
  const times = await Promise.all(tasks.map((task) => read(`/proc/${pid}/task/${task}/schedstat`)))
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0] ?? 0), 0) / 1e6
}

/** Resident memory of an OS process, bytes; NaN where there is no /proc. */
export async function rssBytes(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await read(`/proc/${pid}/status`))?.[1]
  return kib === undefined ? Number.NaN : Number(kib) * 1024
}

/** Memory with shared pages counted by their share, bytes, where we may read it; else as `rssBytes`. */
export async function pssBytes(pid: number): Promise<number> {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(await read(`/proc/${pid}/smaps_rollup`))?.[1]
  return kib === undefined ? rssBytes(pid) : Number(kib) * 1024
}

/** An OS process and all below it. */
export async function family(pid: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = new Map<number, number>()
  for (const each of pids) {
    const parent = /^PPid:\s+(\d+)$/m.exec(await read(`/proc/${each}/status`))?.[1]
    if (parent !== undefined) parents.set(each, Number(parent))
  }
  const below = (of: number): readonly number[] => [
    of,
    ...pids.filter((each) => parents.get(each) === of).flatMap((child) => below(child)),
  ]
  return below(pid)
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
