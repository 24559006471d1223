import {
  addHash,
  emptyRegisters,
  estimate,
  mergeInto,
  type Registers,
  readRegisters,
  writeRegisters,
} from './sketches/hyperloglog.ts'
import { addTo, type Counters, readCounters, writeCounters } from './sketches/space-saving.ts'

/**
 * Windows over sketches, which cannot forget: the time is cut into panes of an eighth of the window, each with a sketch of its
 * own, and a window is made of the nine newest. It therefore reaches back by up to an eighth more than it says.
 */
const panesInWindow = 8
const mostPanes = panesInWindow + 1
const counters = 24

export interface Pane {
  readonly number: number
  readonly registers: Registers | undefined
  readonly counters: Counters | undefined
  count: number
}

export interface PanesShape {
  readonly windowMs: number
  /** Number of different values, or the most frequent ones. */
  readonly kind: 'distinct' | 'top'
}

export function addToPanes(panes: Pane[], shape: PanesShape, hash: number, timeMs: number): void {
  const number = Math.floor(timeMs / Math.ceil(shape.windowMs / panesInWindow))
  let at = panes.length
  while (at > 0 && (panes[at - 1]?.number ?? 0) > number) at -= 1
  let pane = panes[at - 1]
  if (pane?.number !== number) {
    const isTop = shape.kind === 'top'
    pane = {
      number,
      registers: isTop ? undefined : emptyRegisters(),
      counters: isTop ? new Map() : undefined,
      count: 0,
    }
    panes.splice(at, 0, pane)
    const newest = panes[panes.length - 1]?.number ?? number
    while ((panes[0]?.number ?? newest) <= newest - mostPanes) panes.shift()
  }
  pane.count += 1
  if (pane.registers !== undefined) addHash(pane.registers, hash)
  if (pane.counters !== undefined) addTo(pane.counters, hash, counters)
}

function inWindow(panes: readonly Pane[], shape: PanesShape, untilMs: number): readonly Pane[] {
  const newest = Math.floor(untilMs / Math.ceil(shape.windowMs / panesInWindow))
  return panes.filter(({ number }) => number <= newest && number > newest - mostPanes)
}

export function distinctOf(panes: readonly Pane[], shape: PanesShape, untilMs: number): number {
  const all = emptyRegisters()
  for (const { registers } of inWindow(panes, shape, untilMs)) if (registers !== undefined) mergeInto(all, registers)
  return estimate(all)
}

/** Events of the most frequent value, and of all. */
export function topOf(
  panes: readonly Pane[],
  shape: PanesShape,
  untilMs: number,
): { readonly top: number; readonly all: number } {
  const sums = new Map<number, number>()
  let all = 0
  for (const pane of inWindow(panes, shape, untilMs)) {
    all += pane.count
    for (const [key, count] of pane.counters ?? []) sums.set(key, (sums.get(key) ?? 0) + count)
  }
  return { top: Math.max(0, ...sums.values()), all }
}

export function writePanes(panes: readonly Pane[]): (number | string | number[])[][] {
  return panes.map(({ number, count, registers, counters: top }) => [
    number,
    count,
    registers === undefined ? writeCounters(top ?? new Map()) : writeRegisters(registers),
  ])
}

export function readPanes(json: unknown, shape: PanesShape): Pane[] {
  if (!Array.isArray(json)) return []
  return json.flatMap((one: unknown): Pane[] => {
    if (!Array.isArray(one) || typeof one[0] !== 'number' || typeof one[1] !== 'number') return []
    const isTop = shape.kind === 'top'
    return [
      {
        number: one[0],
        count: one[1],
        registers: isTop ? undefined : readRegisters(one[2]),
        counters: isTop ? readCounters(one[2]) : undefined,
      },
    ]
  })
}
