/**
 * The main loop's pulse, in memory that the front (a worker thread) can read while the main loop is blocked.
 * One 64-bit cell: the last beat, milliseconds since 1970.
 */
export interface Heartbeat {
  readonly buffer: SharedArrayBuffer
  stop(): void
}

const beatEveryMs = 200

export function startHeartbeat(): Heartbeat {
  const buffer = new SharedArrayBuffer(8)
  const cell = new BigInt64Array(buffer)
  const beat = () => Atomics.store(cell, 0, BigInt(Date.now()))
  beat()
  const timer = setInterval(beat, beatEveryMs)
  timer.unref()
  return { buffer, stop: () => clearInterval(timer) }
}

/** Milliseconds since the last beat. */
export function beatAgeMs(buffer: SharedArrayBuffer): number {
  return Math.max(0, Date.now() - Number(Atomics.load(new BigInt64Array(buffer), 0)))
}
