import type { Flow, Node } from '../flow.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Hour of the day (UTC), Saturday and Sunday apart: 0..47. */
export function hourAndWeekend(timeMs: number): number {
  const day = Math.floor(timeMs / dayMs)
  // 1 January 1970 was a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7
  const hour = Math.floor((timeMs - day * dayMs) / hourMs)
  return hour + (weekday === 0 || weekday === 6 ? 24 : 0)
}

/** Hour of the week (UTC): 0..167, from Sunday. */
export function hourOfWeek(timeMs: number): number {
  const hours = Math.floor(timeMs / hourMs) + 4 * 24
  return ((hours % 168) + 168) % 168
}

const slotings = { day: { slots: 48, slotOf: hourAndWeekend }, week: { slots: 168, slotOf: hourOfWeek } } as const

/**
 * What the point's hour usually brings: a mean per slot, each value weighing 1/n until n reaches `memoryPoints`. An hour
 * that was never seen is expected to be like the stream as a whole.
 */
export function profile(flow: Flow, kind: keyof typeof slotings, memoryPoints: number): Node {
  const { slots, slotOf } = slotings[kind]
  return flow.node(`profile(${kind},${memoryPoints})`, () => {
    const means = flow.memory.take(slots)
    const counts = flow.memory.take(slots)
    const level = flow.memory.take(1)
    return () => {
      const { value, timeMs, index } = flow.arrival
      const slot = slotOf(timeMs)
      const count = counts[slot] ?? 0
      const overall = level[0] ?? 0
      const expected = count > 0 ? (means[slot] ?? 0) : overall
      counts[slot] = Math.min(count + 1, memoryPoints)
      means[slot] = expected + (value - expected) / (count > 0 ? Math.min(count + 1, memoryPoints) : 1)
      level[0] = overall + (value - overall) / Math.min(index + 1, 1000)
      return expected
    }
  })
}
