import { type Json, z } from '../../../src/bee/index.ts'
import type { Entity } from '../findings.ts'
import { keyPart } from './key-part.ts'
import { riskHalfLifeMs, riskKeptMs } from './settings.ts'
import type { StateAccess } from './state-access.ts'

/** Sum of an entity's risk, what is older counting half as much for each 24 h. */
export interface Risk {
  readonly total: number
  /** Different rules that added to it in the time that it is remembered. */
  readonly rules: number
}

const mostRules = 40
const riskState = z.object({
  v: z.literal(1),
  total: z.number(),
  at: z.number(),
  /** Pairs of a rule and when it last added something. */
  rules: z.array(z.tuple([z.string(), z.number()])),
  x: z.number(),
})

/** A user and the account that an event speaks of are one and the same. */
export const riskKeyOf = (entity: Entity): string =>
  `risk|${entity.kind === 'user' ? 'account' : entity.kind}|${keyPart(entity.id)}`

/**
 * Adds points to an entity's risk as of an event's time, which may lie before that of the last one.
 * @returns the risk at the later of the two times
 */
export function addRisk(states: StateAccess, entity: Entity, points: number, rule: string, timeMs: number): Risk {
  const key = riskKeyOf(entity)
  const before = read(states.get(key), timeMs)
  const at = Math.max(before?.at ?? timeMs, timeMs)
  const total = decayed(before?.total ?? 0, at - (before?.at ?? at)) + decayed(points, at - timeMs)
  const others = (before?.rules ?? []).filter(([name, last]) => name !== rule && last > at - riskKeptMs)
  const last = Math.max(timeMs, before?.rules.find(([name]) => name === rule)?.[1] ?? 0)
  const rules = points > 0 ? [...others, [rule, last] as const].slice(-mostRules) : (before?.rules ?? [])
  if (points > 0) {
    states.set(key, { v: 1, total: rounded(total), at, rules: rules.map((one) => [...one]), x: at + riskKeptMs })
  }
  return { total: rounded(total), rules: rules.length }
}

const decayed = (points: number, afterMs: number): number => points * 2 ** (-afterMs / riskHalfLifeMs)

/** A state row has no use for digits that nobody can tell apart. */
const rounded = (total: number): number => Math.round(total * 1e6) / 1e6

function read(state: Json | undefined, timeMs: number): z.output<typeof riskState> | undefined {
  const parsed = riskState.safeParse(state)
  return parsed.success && parsed.data.x > timeMs ? parsed.data : undefined
}
