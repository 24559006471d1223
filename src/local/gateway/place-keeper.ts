import { postgrestError } from './postgrest-error.ts'

export interface PlaceKeeper {
  /** @returns a function that gives the place back; call it once. */
  readonly take: () => Promise<() => void>
}

/** First come, first served; who waits longer than the timeout gets PGRST003. */
export function placeKeeper(size: number, timeoutMs: number): PlaceKeeper {
  let free = size
  const waiting = new Set<() => void>()
  const giveBack = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else next()
  }
  const take = (): Promise<() => void> => {
    if (free > 0) {
      free -= 1
      return Promise.resolve(giveBack)
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(proceed)
        reject(
          postgrestError(504, { code: 'PGRST003', message: 'Timed out acquiring connection from connection pool.' }),
        )
      }, timeoutMs)
      const proceed = (): void => {
        clearTimeout(timer)
        waiting.delete(proceed)
        resolve(giveBack)
      }
      waiting.add(proceed)
    })
  }
  return { take }
}
