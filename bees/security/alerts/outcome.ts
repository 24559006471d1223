import type { Json } from '../../../src/bee/index.ts'

/**
 * What became of one sending, in our own words: a text of the other side never gets further than its notifier.
 *
 * - `unreachable` nothing came back; `timeout` not in time; `refused` a 4xx or its like; `unwell` a 5xx or its like;
 *   `limited` 429; `gone` 410; `redirected` 3xx, which nobody follows; `odd_answer` not what this receiver answers;
 *   `private_address` and `unknown_host` before anything was sent; `tls` no acceptable encryption; `login` credentials.
 */
export const problems = [
  'unreachable',
  'timeout',
  'refused',
  'unwell',
  'limited',
  'gone',
  'redirected',
  'odd_answer',
  'private_address',
  'unknown_host',
  'tls',
  'login',
  'not_configured',
] as const
export type Problem = (typeof problems)[number]

export type SendOutcome =
  | { readonly outcome: 'sent'; readonly status: number | null; readonly reference?: Json | undefined }
  /** A repeat may help. `afterMs`: the other side wants to be left alone for so long. */
  | {
      readonly outcome: 'retry'
      readonly problem: Problem
      readonly status: number | null
      readonly afterMs?: number | undefined
    }
  /** The same message fails for ever. */
  | { readonly outcome: 'dead'; readonly problem: Problem; readonly status: number | null }

export const sent = (status: number | null, reference?: Json): SendOutcome =>
  reference === undefined ? { outcome: 'sent', status } : { outcome: 'sent', status, reference }
export const retryLater = (problem: Problem, status: number | null, afterMs?: number): SendOutcome => ({
  ...{ outcome: 'retry', problem, status, afterMs },
})
export const dead = (problem: Problem, status: number | null): SendOutcome => ({ outcome: 'dead', problem, status })
