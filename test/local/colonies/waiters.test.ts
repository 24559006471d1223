import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createMatches } from '../../../src/local/colonies/assignment.ts'
import type { Executor } from '../../../src/local/colonies/directory.ts'
import { functionSpec, newProcess } from '../../../src/local/colonies/funcspec.ts'
import type { ProcessRow } from '../../../src/local/colonies/process-row.ts'
import { createWaiters, type WorkRequest } from '../../../src/local/colonies/waiters.ts'

const matches = createMatches({ exclusiveAssign: false })

const requestOf = (executorname: string): WorkRequest => ({
  // Matching looks at these four fields only.
  executor: { colonyname: 'dev', executortype: 'worker', executorname, locationname: '' } as Executor,
  availableCpu: Number.POSITIVE_INFINITY,
  availableMem: Number.POSITIVE_INFINITY,
})

const processFor = (executornames: readonly string[], nowUs: number): ProcessRow => {
  const conditions = { colonyname: 'dev', executortype: 'worker', executornames }
  return newProcess(functionSpec({ funcname: 'f', conditions }, ''), { initiatorid: '', initiatorname: '', nowUs })
}

/** What happens, in order: an executor (by number) begins to poll, or a process for some executors (or all) comes. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('poll' as const), name: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant('come' as const), names: fc.subarray([0, 1, 2, 3]) }),
)

/** Until nothing is scheduled any more: a woken poll schedules its next attempt a moment later. */
async function settle(scheduler: fc.Scheduler): Promise<void> {
  do {
    await scheduler.waitAll()
    await turn()
  } while (scheduler.count() > 0)
}

describe('waiting long-polls', () => {
  it('never wait while a process that they may take is in the queue', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 24 }), fc.scheduler(), async (happenings, scheduler) => {
        const waiters = createWaiters(matches)
        const queue = new Map<string, ProcessRow>()
        const waiting = new Set<WorkRequest>()
        const closing = new AbortController()

        const attempt = scheduler.scheduleFunction(async (request: WorkRequest) => {
          const found = [...queue.values()].find((process) => matches(process, request))
          if (found !== undefined) queue.delete(found.processid)
          return found
        })
        const poll = async (request: WorkRequest) => {
          const waiter = waiters.join(request)
          for (;;) {
            waiter.beginAttempt()
            const taken = await attempt(request)
            if (taken !== undefined || closing.signal.aborted) return waiter.leave(taken?.processid)
            waiting.add(request)
            await waiter.wait(performance.now() + 60_000, closing.signal)
            waiting.delete(request)
          }
        }
        const polls: Promise<void>[] = []
        scheduler.scheduleSequence(
          happenings.map((one, index) => async () => {
            if (one.kind === 'poll') {
              polls.push(poll(requestOf(`executor-${one.name}`)))
              return
            }
            const process = processFor(
              one.names.map((name) => `executor-${name}`),
              index + 1,
            )
            queue.set(process.processid, process)
            waiters.announce(process)
          }),
        )
        await settle(scheduler)
        const idle = [...waiting].filter((request) => [...queue.values()].some((process) => matches(process, request)))
        closing.abort()
        await settle(scheduler)
        await Promise.all(polls)
        expect(idle.map((request) => request.executor.executorname)).toEqual([])
      }),
      { numRuns: 1500 },
    )
  })
})
