import type { EventField } from '../../events/event.ts'
import type { Stage } from '../clause.ts'
import type { Context } from '../context.ts'
import type { Group } from '../group.ts'
import { RuleMistake } from '../problem.ts'
import { listsOf, numberAt, numbersOf } from '../read-json.ts'
import type { Kernel } from '../row.ts'
import { asFields, type CompiledSource, type Workshop, wholeWithin } from '../workshop.ts'

/** Something that happened at a stage: when, and the hashes of the fields that stages are compared by. */
export interface Entry {
  readonly time: number
  readonly hashes: readonly number[]
}

/** Entries of each stage, in order of time. */
export type Entries = Entry[][]

export interface CompiledStage {
  readonly source: CompiledSource
  readonly group: Group
  readonly count: number
  /** Places in `hashes`. */
  readonly differs: readonly number[]
}

export interface Stages {
  readonly all: readonly CompiledStage[]
  readonly kernel: Kernel<Entries>
  readonly entryOf: (context: Context) => Entry
}

const mostCount = 64
const fewestKept = 4
const keptWhenCompared = 8

export function compileStages(
  given: readonly Stage[],
  by: readonly string[],
  keptMs: number,
  workshop: Workshop,
): Stages {
  const compared: readonly EventField[] = [...new Set(given.flatMap(({ differs }) => asFields(differs ?? [])))]
  const all = given.map((stage, at): CompiledStage => {
    const path = `${workshop.path}.stages[${at}]`
    if (stage.by !== undefined && stage.by.length !== by.length) {
      throw new RuleMistake(`${path}.by`, stage.by, `as many fields as the clause's by: ${by.join(', ') || 'none'}`)
    }
    if (at === 0 && stage.differs !== undefined) {
      throw new RuleMistake(`${path}.differs`, stage.differs, 'a later stage: the first one has none before it')
    }
    return {
      source: workshop.source(stage.of, `${path}.of`),
      group: workshop.group(by, stage.by ?? by),
      count: wholeWithin(stage.count ?? 1, workshop.settings, `${path}.count`, 1, mostCount),
      differs: asFields(stage.differs ?? []).map((field) => compared.indexOf(field)),
    }
  })
  const kernel: Kernel<Entries> = {
    load: (json) =>
      all.map((_, at) =>
        listsOf(Array.isArray(json) ? json[at] : undefined).map((entry) => ({
          time: numberAt(entry, 0),
          hashes: numbersOf(entry).slice(1),
        })),
      ),
    save: (entries) => entries.map((stage) => stage.map(({ time, hashes }) => [time, ...hashes])),
    expires: (entries) => Math.max(0, ...entries.map((stage) => stage[stage.length - 1]?.time ?? 0)) + keptMs,
  }
  return {
    all,
    kernel,
    entryOf: (context) => ({ time: context.event.time, hashes: compared.map((field) => context.hash(field)) }),
  }
}

/** Puts an entry in its place. Of entries that look alike only the latest are kept, so that one kind cannot crowd out another. */
export function addEntry(stage: Entry[], entry: Entry, { count }: CompiledStage): void {
  const isCompared = entry.hashes.length > 0
  if (isCompared && count === 1) {
    const alike = stage.findIndex((one) => one.hashes.every((hash, at) => hash === entry.hashes[at]))
    const known = stage[alike]
    if (known !== undefined) {
      if (known.time >= entry.time) return
      stage.splice(alike, 1)
    }
  }
  let at = stage.length
  while (at > 0 && (stage[at - 1]?.time ?? 0) > entry.time) at -= 1
  stage.splice(at, 0, entry)
  const most = Math.max(count + 1, isCompared ? keptWhenCompared : fewestKept)
  if (stage.length > most) stage.shift()
}

/** One of the fields is known on both sides and differs; nothing to compare: yes. */
export function differ(stage: CompiledStage, before: Entry, after: Entry): boolean {
  if (stage.differs.length === 0) return true
  return stage.differs.some((at) => {
    const [a, b] = [before.hashes[at] ?? 0, after.hashes[at] ?? 0]
    return a !== 0 && b !== 0 && a !== b
  })
}
