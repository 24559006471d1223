import type { ClauseOf } from '../clause.ts'
import { type Judge, judgeOf } from '../judge.ts'
import type { Workshop } from '../workshop.ts'

/** The event itself. Needs no state, so its age does not matter. */
export function compileMatch(clause: ClauseOf<'match'>, { source, path }: Workshop): Judge {
  const { test, concerns, actions } = source(clause.of, path)
  return judgeOf({
    actions,
    concerns,
    groups: [],
    isTimeless: true,
    judge: (context) =>
      test(context) ? { facts: {}, firstMs: context.event.time, events: 1, evidence: [] } : undefined,
  })
}
