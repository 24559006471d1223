import type { Scheduler } from './scheduler.ts'

/** The row and advisory locks of a database: held until the end of a transaction, given on in the order of asking. */
export interface Locks {
  /** @returns false when it was not to be had within the time */
  acquire(name: string, owner: object, waitMs: number): Promise<boolean>
  releaseAll(owner: object): void
  /** The database has been restarted: nobody holds anything, nobody waits. */
  forget(): void
}

interface Asking {
  readonly owner: object
  readonly give: (held: boolean) => void
}

export function createLocks(scheduler: Scheduler): Locks {
  const holders = new Map<string, object>()
  const queues = new Map<string, readonly Asking[]>()

  const giveOn = (name: string): void => {
    const [next, ...rest] = queues.get(name) ?? []
    queues.set(name, rest)
    if (next === undefined) {
      holders.delete(name)
      return
    }
    holders.set(name, next.owner)
    next.give(true)
  }

  return {
    acquire(name, owner, waitMs) {
      const holder = holders.get(name)
      if (holder === undefined || holder === owner) {
        holders.set(name, owner)
        return Promise.resolve(true)
      }
      return new Promise((resolve) => {
        const asking: Asking = {
          owner,
          give(held) {
            cancel()
            resolve(held)
          },
        }
        const cancel = scheduler.after(waitMs, 'database lock timeout', () => {
          queues.set(
            name,
            (queues.get(name) ?? []).filter((other) => other !== asking),
          )
          resolve(false)
        })
        queues.set(name, [...(queues.get(name) ?? []), asking])
      })
    },
    releaseAll(owner) {
      for (const [name, holder] of [...holders]) if (holder === owner) giveOn(name)
    },
    forget() {
      const waiting = [...queues.values()].flat()
      holders.clear()
      queues.clear()
      for (const { give } of waiting) give(false)
    },
  }
}
