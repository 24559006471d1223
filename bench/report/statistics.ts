/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  return (at(Math.floor((sorted.length - 1) / 2)) + at(Math.floor(sorted.length / 2))) / 2
}

/** Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Three digits that count, no exponents. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return 'n/a'
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3
  return value.toFixed(digits)
}

export const range = (values: readonly number[]): string =>
  `${number(Math.min(...values))}–${number(Math.max(...values))}`

export const ms = (value: number): string => `${number(value)} ms`
export const seconds = (valueMs: number): string => `${number(valueMs / 1000)} s`
export const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/** `3.1× faster` and the like, from two numbers of which the smaller one is better. */
export const timesLess = (value: number, baseline: number): string => `${number(baseline / value)}× less`
export const timesOf = (value: number, baseline: number): string => `${number(value / baseline)}×`
