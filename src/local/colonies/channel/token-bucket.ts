export interface TokenBucket {
  /** Takes one token if there is one. */
  take(): boolean
}

/** A bucket that begins full. @param nowMs a monotonic clock, milliseconds */
export function createTokenBucket(capacity: number, tokensPerS: number, nowMs: () => number): TokenBucket {
  let tokens = capacity
  let filledAtMs = nowMs()
  return {
    take() {
      const now = nowMs()
      tokens = Math.min(capacity, tokens + ((now - filledAtMs) / 1000) * tokensPerS)
      filledAtMs = now
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
