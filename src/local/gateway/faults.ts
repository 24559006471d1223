/** Misbehaviour on demand: every way in which an answer can get lost between a commit and its caller. */

import { z } from 'zod'

export const faultKinds = [
  /** Connection cut after the commit, before any byte of the answer. */
  'drop_reply_after_commit',
  /** Connection cut after the statement ran; rolled back. */
  'reset_before_commit',
  /** Headers and half of the body, then silence until the caller leaves. */
  'stall_body',
  /** 404 without a body: supabase-js takes it for success without data. */
  'empty_404',
  /** 404 with `[]`: supabase-js takes it for success with an empty list. */
  'array_404',
  /** 502 with an HTML page, as a proxy sends it. */
  'html_502',
  /** 503 with Retry-After. */
  'unavailable_503',
  /** 200 with a body that is not JSON. */
  'not_json_200',
  /** The answer comes, but late: the transaction stays open for `delayMs`. */
  'delay_before_commit',
  /** The answer comes `delayMs` after the commit. */
  'delay_after_commit',
] as const

export const faultSchema = z.strictObject({
  kind: z.enum(faultKinds),
  /** Only calls of this SQL function. Left out: of any. */
  function: z.string().min(1).optional(),
  /** How many calls it strikes; `null` for all until cleared. */
  times: z.number().int().min(1).nullable().default(1),
  /** For the delays, milliseconds. */
  delayMs: z.number().int().min(0).max(600_000).default(1_000),
  /** For `unavailable_503`, seconds. */
  retryAfterSeconds: z.number().int().min(0).default(1),
  /** For the answers that are replaced: has the transaction been committed? false: it was never begun. */
  commits: z.boolean().default(true),
})

export type FaultKind = (typeof faultKinds)[number]
/** As a test writes it; the defaults stand at the schema. */
export type FaultInput = z.input<typeof faultSchema>
export type Fault = Readonly<z.infer<typeof faultSchema>>

export interface FaultSwitch {
  /** Arms a fault; the oldest that fits strikes first, one for each call. */
  readonly add: (fault: FaultInput) => void
  readonly clear: () => void
  /** Faults that still have strikes left. */
  readonly list: () => readonly Fault[]
  /** How many times a fault has struck. */
  readonly struck: () => number
  /** The fault for a call of that function, used up by asking. */
  readonly take: (functionName: string) => Fault | undefined
}

export function createFaultSwitch(): FaultSwitch {
  let armed: Fault[] = []
  let struck = 0
  return {
    add: (fault) => {
      armed.push(faultSchema.parse(fault))
    },
    clear: () => {
      armed = []
    },
    list: () => [...armed],
    struck: () => struck,
    take: (functionName) => {
      const index = armed.findIndex((fault) => fault.function === undefined || fault.function === functionName)
      const fault = armed[index]
      if (fault === undefined) return undefined
      struck += 1
      const left = fault.times === null ? null : fault.times - 1
      if (left === 0) armed.splice(index, 1)
      else armed[index] = { ...fault, times: left }
      return fault
    },
  }
}
