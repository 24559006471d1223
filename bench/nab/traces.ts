import { newFlow, newMemory } from '../../bees/security/detectors/parts/index.ts'
import { candidates } from './candidates.ts'
import type { NabFile } from './corpus.ts'

/** What every candidate gave at every row of the corpus, files one behind the other; 0 at rows that are not after the newest time. */
export interface Traces {
  readonly keys: readonly string[]
  readonly values: readonly Float32Array[]
}

export function traceCandidates(files: readonly NabFile[]): Traces {
  const rows = files.reduce((sum, file) => sum + file.values.length, 0)
  const values: Float32Array[] = []
  let keys: readonly string[] = []
  let start = 0
  for (const file of files) {
    const flow = newFlow(newMemory())
    const nodes = candidates(flow)
    keys = nodes.map((node) => node.key)
    while (values.length < nodes.length) values.push(new Float32Array(rows))
    let newestMs = Number.NEGATIVE_INFINITY
    const base = file.values[0] ?? 0
    let index = 0
    file.values.forEach((value, row) => {
      const timeMs = file.timesMs[row] ?? 0
      if (timeMs <= newestMs) return
      newestMs = timeMs
      Object.assign(flow.arrival, { value: Math.fround(value - base), timeMs, index: index++ })
      flow.run()
      for (let at = 0; at < nodes.length; at++) (values[at] as Float32Array)[start + row] = nodes[at]?.value ?? 0
    })
    start += file.values.length
  }
  return { keys, values }
}
