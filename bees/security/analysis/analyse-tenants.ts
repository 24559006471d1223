import { setTimeout as sleep } from 'node:timers/promises'
import { BeeError, type TaskContext } from '../../../src/bee/index.ts'
import { analysePage, type PageContext, type PageResult, skipEvent } from './analyse-page.ts'
import { type Figures, noFigures, sum } from './figures.ts'

export interface TenantsContext extends PageContext, Pick<TaskContext<unknown, unknown>, 'process' | 'signal'> {
  /** No time, no steps or no hive left for another page. */
  readonly isOver: () => boolean
  readonly onPage: (result: PageResult) => Promise<void>
}

export interface TenantsEnd {
  readonly done: Figures
  /** Nothing waits any more, or somebody else is at it. */
  readonly complete: boolean
}

const usualPage = 1000
const smallestPage = 25
/** Times in a row that somebody else may be faster. Whoever is faster goes on until nothing waits, so giving up loses nothing. */
const mostStale = 5
const baseWaitMs = 20

/** Analyses what waits, a page of each tenant in turn, so that nobody's flood makes the others wait for its end. */
export async function analyseTenants(tenants: readonly string[], context: TenantsContext): Promise<TenantsEnd> {
  let done = noFigures
  // A process that comes back was perhaps too much for one transaction.
  const sizes = new Map<string, number>(
    tenants.map((tenant) => [tenant, Math.max(smallestPage, usualPage >> context.process.retries)]),
  )
  const ceilings = new Map(sizes)
  const staleInARow = new Map<string, number>()
  const waiting = [...tenants]
  for (let tenant = waiting.shift(); tenant !== undefined; tenant = waiting.shift()) {
    if (context.isOver()) return { done, complete: false }
    const size = sizes.get(tenant) ?? usualPage
    const result = await pageOf(tenant, size, context)
    if ('next' in result) {
      sizes.set(tenant, result.next)
      if (result.isTooMuch) ceilings.set(tenant, result.next)
      waiting.push(tenant)
      continue
    }
    done = sum(done, result.done)
    await context.onPage(result)
    if (result.outcome === 'stale') {
      const times = (staleInARow.get(tenant) ?? 0) + 1
      staleInARow.set(tenant, times)
      if (times >= mostStale) continue
      await sleep(Math.random() * baseWaitMs * 2 ** times, undefined, { signal: context.signal })
    } else {
      staleInARow.delete(tenant)
    }
    // What was refused is behind us: larger pages again, little by little.
    sizes.set(tenant, Math.min(ceilings.get(tenant) ?? usualPage, size * 2))
    if (result.more) waiting.push(tenant)
  }
  return { done, complete: true }
}

/**
 * A page that the database could not do in its time, or refuses, is tried again as a smaller one. Its version sees to it that
 * nothing counts twice. What is refused alone is put aside.
 */
async function pageOf(
  tenant: string,
  size: number,
  context: TenantsContext,
): Promise<PageResult | { readonly next: number; readonly isTooMuch: boolean }> {
  try {
    return await analysePage(tenant, size, context)
  } catch (thrown) {
    if (!(thrown instanceof BeeError) || context.signal.aborted) throw thrown
    const { code, failure } = thrown
    const isTooMuch = failure === 'retryable' || failure === 'unknown_outcome'
    const isRefused = code === 'BEE_TRANSACTION_REFUSED'
    const least = isRefused ? 1 : smallestPage
    if ((!isTooMuch && !isRefused) || (isTooMuch && size <= least)) throw thrown
    if (size > least) {
      context.log.warn('a page was too much; going on with a smaller one', { events: size, code })
      return { next: Math.max(least, size >> 2), isTooMuch }
    }
    const state = String(thrown.details['sqlstate'] ?? 'unknown')
    context.log.error('an event is put aside unjudged, since the database refuses what comes of it', {
      sqlstate: state,
    })
    return await skipEvent(tenant, `refused by the database: ${state}`, context)
  }
}
