/**
 * Long-polls that wait for work, in memory. A process that becomes assignable wakes the one waiter that has waited
 * longest among those that may take it; if that waiter ends up with another process, the next one is woken. So no
 * wake-up is lost, and a new process costs one assign statement however many executors wait.
 */

import type { Executor } from './directory.ts'
import type { ProcessRow } from './process-row.ts'

export interface WorkRequest {
  readonly executor: Executor
  /** Thousandths of a core; Infinity = no limit. */
  readonly availableCpu: number
  /** MiB; Infinity = no limit. */
  readonly availableMem: number
}

export interface Waiter {
  readonly request: WorkRequest
  /** Call before each attempt to assign. */
  beginAttempt(): void
  /** Call after an attempt without success. Resolves true when woken, false at the deadline (performance.now() milliseconds) or on abort. */
  wait(deadlineMs: number, signal: AbortSignal): Promise<boolean>
  /** Ends the waiting; announced work other than the process taken is passed on to other waiters. */
  leave(takenProcessId: string | undefined): void
}

export interface Waiters {
  /** Long-polls that have looked, found nothing and sleep now. */
  readonly asleep: number
  join(request: WorkRequest): Waiter
  /** Call after commit, whenever a process became assignable. */
  announce(process: ProcessRow): void
  /** Wakes every waiter of a colony, for example on resume. */
  wakeAll(colonyname: string): void
}

interface Place {
  readonly request: WorkRequest
  /** Announced since the attempt began. */
  readonly announced: Map<string, ProcessRow>
  /** Announced before the attempt began: gone if the attempt finds nothing. */
  readonly trying: Map<string, ProcessRow>
  attempting: boolean
  woken: boolean
  wake: (() => void) | undefined
}

/** Whether the executor may take the process, by the rules of the assign statement. */
export type Matches = (process: ProcessRow, request: WorkRequest) => boolean

export function createWaiters(matches: Matches): Waiters {
  const queues = new Map<string, Set<Place>>()
  const keyOf = (colonyname: string, executortype: string) => `${colonyname}\n${executortype}`

  const wake = (place: Place) => {
    place.woken = true
    place.wake?.()
  }
  const announce = (process: ProcessRow) => {
    const queue = queues.get(keyOf(process.colonyname, process.executortype))
    if (queue === undefined) return
    const able = [...queue].filter((place) => matches(process, place.request))
    const chosen = able.find((place) => !place.attempting && !place.woken) ?? able[0]
    if (chosen === undefined) return
    chosen.announced.set(process.processid, process)
    wake(chosen)
  }

  const join = (request: WorkRequest): Waiter => {
    const key = keyOf(request.executor.colonyname, request.executor.executortype)
    const place: Place = {
      request,
      announced: new Map(),
      trying: new Map(),
      attempting: false,
      woken: false,
      wake: undefined,
    }
    const queue = queues.get(key) ?? new Set()
    queues.set(key, queue)
    queue.add(place)
    return {
      request,
      beginAttempt() {
        place.attempting = true
        place.woken = false
        for (const [id, process] of place.announced) place.trying.set(id, process)
        place.announced.clear()
      },
      async wait(deadlineMs, signal) {
        place.attempting = false
        place.trying.clear()
        if (place.woken) return true
        if (signal.aborted) return false
        return await sleepUntilWoken(place, deadlineMs, signal)
      },
      leave(takenProcessId) {
        queue.delete(place)
        if (queue.size === 0 && queues.get(key) === queue) queues.delete(key)
        for (const process of [...place.trying.values(), ...place.announced.values()]) {
          if (process.processid !== takenProcessId) announce(process)
        }
      },
    }
  }

  return {
    get asleep() {
      return [...queues.values()].reduce((sum, queue) => sum + [...queue].filter(({ wake }) => wake).length, 0)
    },
    join,
    announce,
    wakeAll(colonyname) {
      for (const queue of queues.values()) {
        for (const place of queue) if (place.request.executor.colonyname === colonyname) wake(place)
      }
    },
  }
}

function sleepUntilWoken(place: Place, deadlineMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      place.wake = undefined
      resolve(place.woken && !signal.aborted)
    }
    const timer = setTimeout(finish, Math.max(0, deadlineMs - performance.now()))
    place.wake = finish
    signal.addEventListener('abort', finish)
  })
}
