import { z } from 'zod'

export const stripeFaultKinds = [
  /** The answer comes `delayMs` late. */
  'latency',
  /** 429 `rate_limit`. */
  'rate_limit',
  /** 429 `lock_timeout`. */
  'lock_timeout',
  /** 500 `api_error`. */
  'server_error',
  /** 401. */
  'unauthorized',
  /** 403. */
  'forbidden',
  /** No byte until the caller leaves. */
  'hang',
  /** Headers, then a byte now and then. */
  'drip',
  /** Headers and half of the body, then silence. */
  'stall',
  /** The connection is cut. */
  'reset',
  /** 200 with a body that is not JSON. */
  'not_json',
  /** 404 without a body: a misrouted request. */
  'empty_404',
] as const

export const stripeFaultSchema = z.strictObject({
  kind: z.enum(stripeFaultKinds),
  /** Only paths that begin so. Left out: any. */
  path: z.string().startsWith('/').optional(),
  /** How many requests it strikes; `null` for all until cleared. */
  times: z.number().int().min(1).nullable().default(1),
  /** Milliseconds: of the delay, between dripping bytes. */
  delayMs: z.number().int().min(0).max(600_000).default(1_000),
  /** For 429, seconds; null for no header. */
  retryAfterSeconds: z.number().int().min(0).nullable().default(null),
})

export type StripeFaultKind = (typeof stripeFaultKinds)[number]
/** As a test writes it; the defaults stand at the schema. */
export type StripeFaultInput = z.input<typeof stripeFaultSchema>
export type StripeFault = Readonly<z.infer<typeof stripeFaultSchema>>

export interface StripeFaults {
  /** Arms a fault; the oldest that fits strikes first, one for each request. */
  add(fault: StripeFaultInput): void
  clear(): void
  list(): readonly StripeFault[]
  /** How many times a fault has struck. */
  struck(): number
  /** Every connection is cut while it lasts. */
  setOutage(on: boolean): void
  outage(): boolean
  /** The fault for a request of that path, used up by asking. */
  take(path: string): StripeFault | undefined
}

export function createStripeFaults(): StripeFaults {
  let armed: StripeFault[] = []
  let struck = 0
  let down = false
  return {
    add: (fault) => {
      armed.push(stripeFaultSchema.parse(fault))
    },
    clear: () => {
      armed = []
      down = false
    },
    list: () => [...armed],
    struck: () => struck,
    setOutage: (on) => {
      down = on
    },
    outage: () => down,
    take: (path) => {
      const index = armed.findIndex((fault) => fault.path === undefined || path.startsWith(fault.path))
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
