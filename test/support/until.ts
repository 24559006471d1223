import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** @default 5000 */
  readonly timeoutMs?: number | undefined
  /** Between two looks. @default 10 */
  readonly intervalMs?: number | undefined
  /** Named in the error. @default "the condition" */
  readonly what?: string | undefined
}

/**
 * Waits for a state: looks until `condition` gives something truthy, which it returns. What `condition` throws ends the
 * wait at once.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const { timeoutMs = 5_000, intervalMs = 10, what = 'the condition' } = options
  const endMs = performance.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value) return value as Exclude<T, false | 0 | '' | null | undefined>
    if (performance.now() > endMs) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)
    await sleep(intervalMs)
  }
}
