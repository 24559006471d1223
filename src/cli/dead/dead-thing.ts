import { type Bee, HIDDEN, redact, scrubber, sensitiveValues, type Task } from '../../bee/index.ts'
import type { Json } from '../../canonical.ts'
import type { Process } from '../../colonies/index.ts'
import type { RedriveSubject } from '../../ledger/index.ts'

/** A dead letter or a failed process, as far as it concerns whoever hands it in again. */
export interface DeadThing {
  readonly subject: RedriveSubject
  /** As the commands take it: `stripe/evt_1`, or a process id. */
  readonly id: string
  readonly bee: string
  readonly task: string
  readonly input: Json
  /** Of the input, as it was put aside or signed for. */
  readonly digest: string
  readonly code: string
  /** What was said about it; empty for a letter. */
  readonly errors: readonly string[]
  /** RFC 3339. */
  readonly at: string
}

/** The task that takes the letters of a source: the payload is its input. */
export const letterTasks: Readonly<Record<string, { readonly bee: string; readonly task: string } | undefined>> = {
  stripe: { bee: 'finance', task: 'apply_stripe_event' },
}

export const letterId = (source: string, id: string): string => `${source}/${id}`

export function taskOf(bees: readonly Bee[], bee: string, task: string): Task | undefined {
  return bees.find(({ name }) => name === bee)?.tasks.get(task)
}

/** The input without its sensitive fields; wholly hidden where nobody here knows which these are. */
export function shownInput(task: Task | undefined, input: Json): Json {
  return task === undefined ? HIDDEN : (redact(task.input, input) as Json)
}

/** The errors without what the input's sensitive fields hold: others than our hives may have written them. */
export function shownErrors(task: Task | undefined, input: Json, errors: readonly string[]): readonly string[] {
  if (task === undefined) return errors.map(() => HIDDEN)
  return errors.map(scrubber(sensitiveValues(task.input, input)))
}

/** The errors of a failed process, without the receipt that travels among them. */
export const errorsOf = ({ errors }: Pick<Process, 'errors'>): readonly string[] =>
  errors.filter((text) => !text.startsWith('receipt: '))

/** The error code; without one (the broker's own limits) the broker's words. */
export function codeOf(errors: readonly string[]): string {
  const [first = 'no reason given'] = errors
  return /^(BEE_[A-Z_]+)(:|$)/.exec(first)?.[1] ?? first.slice(0, 60).toWellFormed()
}
