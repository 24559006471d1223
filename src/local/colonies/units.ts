import { malformed } from './refusal.ts'

const bytesPerMi = 1_048_576n
const sizePattern = /^(-?\d+)([A-Za-z]+)$/
const unitBytes: Readonly<Record<string, bigint>> = {
  Ki: 1024n,
  KiB: 1024n,
  Mi: bytesPerMi,
  MiB: bytesPerMi,
  Gi: 1024n ** 3n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
  K: 1000n,
  Kb: 1000n,
  M: 1000n ** 2n,
  Mb: 1000n ** 2n,
  G: 1000n ** 3n,
  Gb: 1000n ** 3n,
  Tb: 1000n ** 4n,
}

/** `"500m"` to 500. Anything without the suffix counts as 0, as in the original. */
export function parseCpu(text: string): number {
  const found = /^(-?\d{1,15})m$/.exec(text)
  return found === null ? 0 : Number(found[1])
}

/**
 * `"1Gi"` to 1024, whole MiB rounded down; `""` is 0. Bare numbers, fractions and unknown units are refused with 400,
 * and so are `KB`, `MB`, `TB`, which the original takes only sometimes.
 */
export function parseMemory(text: string): number {
  if (text === '') return 0
  const found = sizePattern.exec(text)
  const bytes = unitBytes[found?.[2] ?? '']
  if (found?.[1] === undefined || bytes === undefined) {
    throw malformed(`size ${JSON.stringify(text)} must be an integer with a unit such as Mi or Gi`)
  }
  return Number((BigInt(found[1]) * bytes) / bytesPerMi)
}
