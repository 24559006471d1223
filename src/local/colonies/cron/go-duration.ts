const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const whole = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/
const part = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
/** Go's durations end at 2^63 ns. */
const maxMs = Number(2n ** 63n) / 1e6

/** Milliseconds of a duration as Go writes it (`1h30m`, `1.5s`, `-2ms`); undefined when it is none or out of range. */
export function parseDuration(text: string): number | undefined {
  if (!whole.test(text)) return undefined
  let durationMs = 0
  for (const [, amount, unit] of text.matchAll(part)) durationMs += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  if (durationMs > maxMs) return undefined
  return text.startsWith('-') ? -durationMs : durationMs
}
