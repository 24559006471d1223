import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Cell, KillCell, WireCell } from './cells.ts'

/** Cells that one executor goes through together. */
export type Round =
  | { readonly what: 'kill'; readonly cells: readonly KillCell[] }
  | { readonly what: 'wire'; readonly cells: readonly WireCell[] }

/** Processes that are held at once when an executor is killed. */
const perKill = 3
/** Messages that go wrong at once. Polls and receipts go one at a time through an executor, so they would block each other. */
const perPlace: Readonly<Record<string, number>> = { assign: 1, store: 8 }
const perOther = 23

/** Puts the cells together so that none stands in another's way; the long rounds first. */
export function roundsOf(cells: readonly Cell[], random: SeededRandom): readonly Round[] {
  const kills = random.shuffle(cells.filter((cell): cell is KillCell => cell.what === 'kill'))
  const wires = random.shuffle(cells.filter((cell): cell is WireCell => cell.what === 'wire'))
  const byDrain = Map.groupBy(kills, ({ boundary }) => JSON.stringify(boundary.drain ?? null))
  const rounds: Round[] = [...byDrain.values()].flatMap((group) =>
    spread(group).map((part): Round => ({ what: 'kill', cells: part })),
  )
  for (const [place, group] of Map.groupBy(wires, (cell) => cell.place)) {
    const size = perPlace[place] ?? perOther
    for (let at = 0; at < group.length; at += size) rounds.push({ what: 'wire', cells: group.slice(at, at + size) })
  }
  return rounds
}

/** At most one of those that block, and the others spread evenly. */
function spread(cells: readonly KillCell[]): readonly (readonly KillCell[])[] {
  const blocking = cells.filter(({ boundary }) => boundary.blocks === true)
  const free = cells.filter(({ boundary }) => boundary.blocks !== true)
  const parts: KillCell[][] = Array.from(
    { length: Math.max(blocking.length, Math.ceil(cells.length / perKill)) },
    () => [],
  )
  for (const [index, cell] of [...blocking, ...free].entries()) parts[index % parts.length]?.push(cell)
  return parts
}
