import { z } from '../../../src/bee/index.ts'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
type Unit = keyof typeof unitMs

const shape = /^(\d{1,9})(ms|s|m|h|d|w)$/

/** `90s`, `15m`, `24h`, `14d`: a whole number and a unit, at most ten years. */
export const duration = z
  .string()
  .regex(shape, 'a duration such as 90s, 15m, 24h or 14d')
  .refine((text) => durationMs(text) <= 3650 * unitMs.d, 'at most ten years (3650d)')

/** Whether a text is written as a duration. */
export function isDuration(text: string): boolean {
  return shape.test(text)
}

/** Milliseconds of a text that `duration` has let pass; NaN for any other. */
export function durationMs(text: string): number {
  const found = shape.exec(text)
  return found === null ? Number.NaN : Number(found[1]) * unitMs[found[2] as Unit]
}

/** For people: 900000 -> `15 min`. */
export function durationText(ms: number): string {
  const names = [
    [unitMs.d, 'd'],
    [unitMs.h, 'h'],
    [unitMs.m, 'min'],
    [unitMs.s, 's'],
  ] as const
  for (const [size, name] of names) if (ms >= size && ms % size === 0) return `${ms / size} ${name}`
  for (const [size, name] of names) if (ms >= size) return `${(ms / size).toFixed(1)} ${name}`
  return `${ms} ms`
}
