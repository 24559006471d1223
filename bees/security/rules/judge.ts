import type { Action } from '../events/event.ts'
import type { Confidence, Response, Severity } from '../findings.ts'
import type { Context, Test } from './context.ts'
import type { Group } from './group.ts'

export type Facts = Readonly<Record<string, string | number | boolean>>

/** What a clause says of an event that completes it. */
export interface Hit {
  readonly facts: Facts
  readonly firstMs: number
  /** Events that counted. */
  readonly events: number
  /** Ids of earlier ones. */
  readonly evidence: readonly string[]
}

/** A hit that no event made, but the clock. */
export interface TickHit extends Hit {
  readonly timeMs: number
  /** Values of the clause's `by`. */
  readonly values: readonly (string | number | boolean)[]
}

/** State rows by key, for what is judged by the clock. */
export type OpenRow = (key: string) => import('./row.ts').Row

/** A clause of a rule, compiled for one tenant's settings. */
export interface Judge {
  /** Events with another action cannot concern it. */
  readonly actions: ReadonlySet<Action>
  /** Whether the event concerns it at all. */
  readonly concerns: Test
  /** Groups whose rows it may ask for. */
  readonly groups: readonly Group[]
  /** Rows beyond those. */
  readonly keys: (context: Context) => readonly string[]
  /** Rows that it needs whatever the events. */
  readonly always: readonly string[]
  /** The event concerns it, and is neither too late nor in the future. */
  readonly judge: (context: Context) => Hit | undefined
  /** The event is too late to be judged, but teaches what is usual. */
  readonly learn: ((context: Context) => void) | undefined
  /** True for what is judged whatever its age. */
  readonly isTimeless: boolean
  /** @param nowMs how far the clock has come; at least the mark */
  readonly tick: ((open: OpenRow, markMs: number, nowMs: number) => readonly TickHit[]) | undefined
}

/** What a clause adds to its rule. */
export interface Verdict {
  readonly severity: Severity
  readonly confidence: Confidence
  readonly response: Response | null
  readonly risk: number
  readonly explain: string | undefined
  readonly name: string | undefined
}

const none: readonly never[] = []

/** A judge with what is usual left out. */
export function judgeOf(given: Pick<Judge, 'actions' | 'concerns' | 'groups' | 'judge'> & Partial<Judge>): Judge {
  return { keys: () => none, always: none, learn: undefined, isTimeless: false, tick: undefined, ...given }
}
