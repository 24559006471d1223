/**
 * How fast events are analysed on one core with all shipped rules, what an entity costs, and whether memory stays flat.
 *
 *   node bench/security/main.ts [--events 1000000] [--accounts 100000] [--page 1000] [--json]
 *
 * Events pass the analysis in pages as in the task, with expired rows taken away as the sweep does: finding the rows that they
 * need and judging them is what is measured. Rows are kept as the text that the database keeps; its parsing and writing is
 * measured apart. Left out: the database and the network.
 */
import { parseArgs } from 'node:util'
import { analyse, stateKeysOf } from '../../bees/security/analysis/analyse.ts'
import type { SecurityEvent } from '../../bees/security/events/event.ts'
import { loadRuleFolder } from '../../bees/security/rules/index.ts'
import type { Json } from '../../src/bee/index.ts'
import { traffic } from './traffic.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    accounts: { type: 'string', default: '100000' },
    page: { type: 'string', default: '1000' },
    'per-second': { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const total = Number(values.events)
const pageSize = Number(values.page)
const accounts = Number(values.accounts)
const sweepEvery = 50
const fromMs = Date.UTC(2026, 10, 2)

/** Time of this process on its core: others on the machine do not count. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

type Table = Map<string, { readonly text: string; readonly expiresMs: number }>

/** Rows of incidents are known by name only once there are findings: looked up then, as the task does. */
function withIncidents(state: Map<string, Json>, table: Table): ReadonlyMap<string, Json> {
  const get = (key: string): Json | undefined => {
    const known = state.get(key)
    if (known !== undefined || key.startsWith('g|') || key.startsWith('h|') || key === 't|') return known
    const row = table.get(key)
    return row === undefined ? undefined : (JSON.parse(row.text) as Json)
  }
  return Object.assign(new Map(state), { get, has: (key: string) => table.has(key) })
}

interface Sample {
  readonly events: number
  /** Of time on the core. */
  readonly perSecond: number
  readonly rows: number
  readonly stateMb: number
  readonly heapMb: number
  readonly findings: number
}

function main(): void {
  const rules = loadRuleFolder()
  /** As in the table: text, and when it expires. */
  const table: Table = new Map()
  const source = traffic({
    ...{ seed: Number(values.seed), accounts, fromMs, perSecond: Number(values['per-second']) },
  })
  const samples: Sample[] = []
  let [busyMs, textMs, sinceMs, sinceEvents, findings, pages] = [0, 0, 0, 0, 0, 0]
  for (let done = 0; done < total; done += pageSize) {
    const events: SecurityEvent[] = []
    for (let n = 0; n < pageSize; n += 1) events.push(source.next().value)
    const nowMs = (events.at(-1)?.time ?? fromMs) + 1000
    const beganAtMs = cpuMs()
    const keys = stateKeysOf(events, rules)
    const readAtMs = cpuMs()
    const state = new Map<string, Json>()
    for (const key of keys) {
      const row = table.get(key)
      if (row !== undefined) state.set(key, JSON.parse(row.text) as Json)
    }
    const analysedAtMs = cpuMs()
    const result = analyse({ tenant: 'bench', events, state: withIncidents(state, table), rules, settings: {}, nowMs })
    const wroteAtMs = cpuMs()
    for (const [key, row] of result.changed) {
      if (row === null) table.delete(key)
      else table.set(key, { text: JSON.stringify(row), expiresMs: (row as { readonly x?: number }).x ?? Infinity })
    }
    const judgedMs = wroteAtMs - analysedAtMs + readAtMs - beganAtMs
    busyMs += judgedMs
    sinceMs += judgedMs
    textMs += cpuMs() - wroteAtMs + analysedAtMs - readAtMs
    sinceEvents += events.length
    findings += result.findings.length
    pages += 1
    if (pages % sweepEvery === 0) for (const [key, row] of table) if (row.expiresMs < nowMs) table.delete(key)
    if (sinceEvents >= total / 10) {
      globalThis.gc?.()
      const bytes = [...table].reduce((sum, [key, { text }]) => sum + key.length + text.length, 0)
      const sample: Sample = {
        events: done + pageSize,
        perSecond: Math.round((sinceEvents / sinceMs) * 1000),
        rows: table.size,
        stateMb: Math.round(bytes / 1e5) / 10,
        heapMb: Math.round(process.memoryUsage().heapUsed / 1e5) / 10,
        findings,
      }
      samples.push(sample)
      if (!values.json) console.log(JSON.stringify(sample))
      sinceMs = 0
      sinceEvents = 0
    }
  }
  const last = samples.at(-1)
  const summary = {
    rules: rules.rules.length,
    events: total,
    perSecond: Math.round((total / busyMs) * 1000),
    microsecondsPerEvent: Math.round((busyMs / total) * 10_000) / 10,
    /** Reading rows from their text and writing them, beside that. */
    textMicrosecondsPerEvent: Math.round((textMs / total) * 10_000) / 10,
    bytesPerAccount: Math.round(((last?.stateMb ?? 0) * 1e6) / accounts),
    bytesPerRow: Math.round(((last?.stateMb ?? 0) * 1e6) / Math.max(1, last?.rows ?? 1)),
  }
  console.log(JSON.stringify(values.json ? { ...summary, samples } : summary, null, 2))
}

main()
