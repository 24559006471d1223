/** Lets so many through per second and key, by the real clock; a burst of one second's worth at most. */
export function createRateLimit(perS: number | undefined): (key: string) => boolean {
  if (perS === undefined) return () => true
  const buckets = new Map<string, { left: number; atMs: number }>()
  return (key) => {
    const nowMs = performance.now()
    const bucket = buckets.get(key) ?? { left: perS, atMs: nowMs }
    const left = Math.min(perS, bucket.left + ((nowMs - bucket.atMs) / 1000) * perS)
    const allowed = left >= 1
    buckets.set(key, { left: allowed ? left - 1 : left, atMs: nowMs })
    return allowed
  }
}
