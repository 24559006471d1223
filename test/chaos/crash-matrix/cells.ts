/** Every combination of boundary or message, fault and kind of task; and those that cannot be. */

import { type Boundary, boundaries, kinds } from './boundaries.ts'
import type { Kind } from './site.ts'
import { wireFaults } from './wire-faults.ts'

/** kill -9 of the executor while one of its processes stands at a boundary. */
export interface KillCell {
  readonly what: 'kill'
  readonly place: string
  readonly fault: 'kill -9'
  readonly kind: Kind
  readonly boundary: Boundary
}

/** One message goes wrong. */
export interface WireCell {
  readonly what: 'wire'
  readonly place: string
  readonly fault: string
  readonly kind: Kind
}

export type Cell = KillCell | WireCell

export interface Infeasible {
  readonly place: string
  readonly fault: string
  readonly kinds: readonly Kind[]
  readonly why: string
}

/** Messages and the kinds of task that have them. */
const messages: Readonly<Record<string, readonly Kind[]>> = {
  submit: kinds,
  assign: kinds,
  'execute 1': kinds,
  read: ['steps'],
  'execute 2': ['steps'],
  store: kinds,
  close: kinds,
}

const noSecond = 'the task has one transaction and reads nothing outside'

function whyNot(place: string, fault: string): string | undefined {
  if (place === 'assign' && fault === 'request after the end') return 'a poll that comes later is the next poll'
  if (place === 'submit' && fault.startsWith('empty 200')) {
    return 'to a Colonies client it means forbidden: the submitter is told, and nothing runs that it counts on'
  }
  if (place === 'submit' && fault.startsWith('empty 404')) {
    return 'to a Colonies client it is a final refusal: the submitter is told'
  }
  return undefined
}

/** The kind does not matter before admission: these messages take turns. */
const takesTurns = new Set(['submit', 'assign'])

export function allCells(): { readonly cells: readonly Cell[]; readonly infeasible: readonly Infeasible[] } {
  const cells: Cell[] = []
  const infeasible: Infeasible[] = []
  for (const boundary of boundaries) {
    for (const kind of boundary.kinds) {
      cells.push({ what: 'kill', place: boundary.name, fault: 'kill -9', kind, boundary })
    }
    const others = kinds.filter((kind) => !boundary.kinds.includes(kind))
    if (others.length > 0) infeasible.push({ place: boundary.name, fault: 'kill -9', kinds: others, why: noSecond })
  }
  for (const [place, of] of Object.entries(messages)) {
    for (const [index, fault] of [...wireFaults.keys()].entries()) {
      const why = whyNot(place, fault)
      if (why !== undefined) {
        infeasible.push({ place, fault, kinds, why })
        continue
      }
      // Two assigns need two processes, so that both can be answered: only a business key has a twin.
      const alone = fault.startsWith('sent twice') ? 'keyed' : kinds[index % kinds.length]
      const chosen = takesTurns.has(place) ? of.filter((kind) => kind === alone) : of
      for (const kind of chosen) cells.push({ what: 'wire', place, fault, kind })
    }
    const others = kinds.filter((kind) => !of.includes(kind))
    if (others.length > 0) infeasible.push({ place, fault: 'any', kinds: others, why: noSecond })
  }
  return { cells, infeasible }
}
