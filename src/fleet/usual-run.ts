/** How long a task usually takes at worst: a maximum that fades, so that one slow day is forgotten. */
export interface UsualRun {
  learn(task: string, runMs: number): void
  /** Milliseconds; a second for a task that has not run here yet. */
  ms(task: string): number
}

const UNKNOWN_MS = 1_000
const FADING = 0.95

export function createUsualRun(): UsualRun {
  const slowest = new Map<string, number>()
  return {
    learn(task, runMs) {
      slowest.set(task, Math.max(runMs, (slowest.get(task) ?? 0) * FADING))
    },
    ms: (task) => slowest.get(task) ?? UNKNOWN_MS,
  }
}
