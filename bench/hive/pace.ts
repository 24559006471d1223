import { systemClock } from '../../src/resilience/index.ts'

/** Runs `work` so many times with so many in flight. @returns the results, in the order of their start */
export async function inParallel<T>(
  times: number,
  inFlight: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < times) {
      const index = next
      next += 1
      results[index] = await work(index)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return results
}

/** Starts `work` at a steady rate, whether or not earlier ones have ended. */
export async function atRate<T>(times: number, perSecond: number, work: () => Promise<T>): Promise<T[]> {
  const beganMs = performance.now()
  const running: Promise<T>[] = []
  for (let index = 0; index < times; index += 1) {
    const dueMs = beganMs + (index / perSecond) * 1000
    await systemClock.sleep(Math.max(0, dueMs - performance.now()))
    running.push(work())
  }
  return Promise.all(running)
}
