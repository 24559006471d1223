import { z } from '../../../src/bee/index.ts'
import { eventFields } from '../events/event.ts'
import { confidences, responses, severities } from '../findings.ts'
import { duration } from './duration.ts'

/**
 * The clauses of a rule: what has to happen. Every clause looks at the events that `of` lets pass (a condition over the
 * rule's selections; left out: the rule's `condition`), apart for each combination of the values of the fields in `by` (an
 * event that lacks one of them does not count), in windows of event time that end at the event under judgement.
 */
const settingName = z.string().regex(/^\$[a-z][a-z0-9_]*$/, 'a number, or $name of one of the settings')
const someNumber = z.union([z.number().finite(), settingName])
const someDuration = z.union([
  duration,
  z.string().regex(/^\$[a-z][a-z0-9_]*$/, 'a duration such as 15m, or $name of one of the settings'),
])
export const field = z.enum(eventFields as readonly [string, ...string[]])
const fields = z.array(field).min(1).max(4)
const group = z.array(field).max(4)
export const ruleId = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_]*$/, 'lower case letters, digits and _')

/** A condition over selections (`failed and not 1 of known_*`), or the hits of another rule. */
const source = z.union([
  z.string().min(1).max(500),
  z.strictObject({
    rule: ruleId,
    /** Only the first hit of an attack counts, not those that suppression swallows. */
    onset: z.boolean().optional(),
  }),
])

const comparisons = {
  gt: someNumber.optional(),
  gte: someNumber.optional(),
  lt: someNumber.optional(),
  lte: someNumber.optional(),
  eq: someNumber.optional(),
}

/** What any clause may say otherwise than its rule. */
const common = {
  /** Shown in the explanation of which clause it was. */
  name: z.string().min(1).max(80).optional(),
  of: source.optional(),
  severity: z.enum(severities).optional(),
  confidence: z.enum(confidences).optional(),
  response: z.enum(responses).nullable().optional(),
  risk: z.number().min(0).max(1000).optional(),
  explain: z.string().min(1).max(400).optional(),
}
const windowed = { ...common, by: group, within: someDuration }

const stage = z.strictObject({
  of: source,
  /** How often it must have happened. */
  count: someNumber.optional(),
  /** Other names of the fields in the clause's `by`, in its order: the administrator's actor_uid is the login's user_uid. */
  by: group.optional(),
  /** At least one of these fields has another value than at the stage before. */
  differs: fields.optional(),
})

/** Exactly one of the measures; the comparisons, all of which must hold; none of them: a fact for the explanation only. */
const measure = z
  .strictObject({
    /** Number of events: `true`, or a condition that the event must also meet. */
    count: z.union([z.literal(true), z.string().min(1).max(500)]).optional(),
    /** Number of different values (of the combination of fields). */
    distinct: z.union([field, fields]).optional(),
    sum: field.optional(),
    mean: field.optional(),
    max: field.optional(),
    /** Share (0..1) of the events that also meet this condition. */
    share: z.string().min(1).max(500).optional(),
    /** Share (0..1) of the values of this field that have at most `at_most` events. */
    share_of: field.optional(),
    at_most: someNumber.optional(),
    /** Events of the value that has most of them. */
    max_per: field.optional(),
    /** Share (0..1) of the events that the most frequent value of the field has. */
    top_share: field.optional(),
    /** Events for each value, on average. */
    mean_per: field.optional(),
    /** Time between the first and the last event of the window; compared with durations in seconds or `$name`. */
    span: z.literal(true).optional(),
    /** Number of periods of this length (clock-aligned) with at least one event. */
    periods: someDuration.optional(),
    /** Only these events count (`distinct`, `sum`, `mean`, `max`). */
    where: z.string().min(1).max(500).optional(),
    gt: z.union([someNumber, duration]).optional(),
    gte: z.union([someNumber, duration]).optional(),
    lt: z.union([someNumber, duration]).optional(),
    lte: z.union([someNumber, duration]).optional(),
    eq: z.union([someNumber, duration]).optional(),
  })
  .refine(
    (one) =>
      [
        one.count,
        one.distinct,
        one.sum,
        one.mean,
        one.max,
        one.share,
        one.share_of,
        one.max_per,
        one.top_share,
        one.mean_per,
        one.span,
        one.periods,
      ].filter((value) => value !== undefined).length === 1,
    'exactly one measure: count, distinct, sum, mean, max, share, share_of, max_per, top_share, mean_per, span or periods',
  )
  .refine((one) => (one.share_of === undefined) === (one.at_most === undefined), 'share_of and at_most go together')

export const clause = z.discriminatedUnion('kind', [
  /** The event itself is the finding. Judged whatever its age. */
  z.strictObject({ kind: z.literal('match'), ...common }),
  /** Number of events in the window. */
  z.strictObject({ kind: z.literal('event_count'), ...windowed, ...comparisons }),
  /** Number of different values of a field (or of a combination). */
  z.strictObject({ kind: z.literal('value_count'), ...windowed, field: z.union([field, fields]), ...comparisons }),
  /** Sum of a numeric field. */
  z.strictObject({ kind: z.literal('value_sum'), ...windowed, field, ...comparisons }),
  /** Share of the events that also meet `part`, over at least `min` of them. */
  z.strictObject({
    kind: z.literal('ratio'),
    ...windowed,
    part: z.string().min(1).max(500),
    min: someNumber,
    ...comparisons,
  }),
  /** Several measures over one group and window at once. */
  z.strictObject({
    kind: z.literal('window'),
    ...windowed,
    measures: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), measure),
  }),
  /** All stages within the time, in any order. */
  z.strictObject({
    kind: z.literal('temporal'),
    ...common,
    by: group,
    within: someDuration,
    stages: z.array(stage).min(2).max(6),
  }),
  /** All stages within the time, one after the other; the last one fires. */
  z.strictObject({
    kind: z.literal('temporal_ordered'),
    ...common,
    by: group,
    within: someDuration,
    stages: z.array(stage).min(2).max(6),
  }),
  /** An event without one of `unless` in the time before it. */
  z.strictObject({
    kind: z.literal('absent'),
    ...windowed,
    unless: source,
    /** Other names of the fields in `by` for `unless`. */
    unless_by: group.optional(),
    /** Silent until the tenant's events have been watched for so long; a hole in them counts as a day at most. */
    learn: someDuration.optional(),
  }),
  /** A combination of values that this group has never shown. With `within` and comparisons: so many new ones in that time. */
  z.strictObject({
    kind: z.literal('new_value'),
    ...common,
    by: group,
    fields,
    /** What is seen in this time after the first event is learned in silence. */
    learn: someDuration,
    /** From the group's first event on, or the tenant's. `tenant`: a group that appears later is itself new. */
    learn_from: z.enum(['group', 'tenant']).default('group'),
    /** And until so many events have been seen in the group. */
    learn_events: someNumber.optional(),
    /** A value unseen for so long is forgotten. */
    forget: someDuration.default('90d'),
    /** Values remembered for a group, at most 128; the one unseen for longest goes. */
    memory: z.int().min(1).max(128).default(32),
    within: someDuration.optional(),
    ...comparisons,
  }),
  /** The group (all events of `of`) was silent for longer, then comes an event that also meets `then`. */
  z.strictObject({
    kind: z.literal('gap'),
    ...common,
    by: group.min(1),
    longer: someDuration,
    // biome-ignore lint/suspicious/noThenProperty: a word of the rule format, never a function
    then: z.string().min(1).max(500).optional(),
    /** Forgotten after so long. */
    forget: someDuration.default('800d'),
  }),
  /** The sum over the window is above `factor` times what is usual for the group, and at least `min`. */
  z.strictObject({
    kind: z.literal('baseline'),
    ...windowed,
    /** Numeric field; left out: number of events. */
    field: field.optional(),
    factor: someNumber,
    min: someNumber,
    quantile: z.number().min(0.5).max(0.999).default(0.99),
    history: someDuration.default('30d'),
    /** Until the group is so old nothing but `cold` fires. */
    learn: someDuration,
    /** Fires without a baseline. */
    cold: someNumber.optional(),
  }),
  /** Two places too far apart for the time between. */
  z.strictObject({
    kind: z.literal('travel'),
    ...common,
    by: group.min(1),
    /** Kilometres an hour, and kilometres. */
    faster: someNumber,
    farther: someNumber,
    within: someDuration.default('24h'),
    /** Only to where the group has not been for so long: who leaves through two countries every day is news once. */
    unfamiliar: someDuration.optional(),
    /** Events that are neither judged nor remembered (VPN, relay, hosting …). */
    skip: z.string().min(1).max(500).optional(),
  }),
  /** Each event is a drop; one runs out every `leak`; more than `capacity` overflows. */
  z.strictObject({
    kind: z.literal('leaky'),
    ...common,
    by: group,
    capacity: someNumber,
    leak: someDuration,
  }),
  /** So many whole numbers in a row (either way, some out of order). */
  z.strictObject({
    kind: z.literal('run'),
    ...windowed,
    field,
    gte: someNumber,
    /** Greatest distance between neighbours. */
    step: someNumber.default(1),
  }),
  /** A group that used to send falls silent: longer than `factor` times its usual gap and than `min`. */
  z.strictObject({
    kind: z.literal('silence'),
    ...common,
    by: group,
    factor: someNumber,
    min: someDuration,
    /** Events before its rhythm is believed. */
    learn_events: someNumber.default(20),
  }),
  /** A detector of metric streams over `every`: number of events, sum or mean of a field. */
  z.strictObject({
    kind: z.literal('metric'),
    ...common,
    by: group,
    every: duration.default('1m'),
    value: z.union([
      z.literal('count'),
      z.strictObject({ sum: field }),
      z.strictObject({ mean: field }),
      z.strictObject({ share: z.string().min(1).max(500) }),
    ]),
    /** Evidence from which it fires; left out: the detector's own. */
    evidence: someNumber.optional(),
    /**
     * One odd point alone happens to everything that is random: it needs twice the evidence. Otherwise a second odd one among the
     * next two confirms it.
     */
    confirm: z.boolean().default(false),
    /** Only higher, only lower, or both. */
    side: z.enum(['high', 'low', 'both']).default('high'),
    /** Values below are no finding, whatever is usual. */
    min: someNumber.optional(),
  }),
])

export type Clause = Readonly<z.output<typeof clause>>
export type ClauseKind = Clause['kind']
export type ClauseOf<Kind extends ClauseKind> = Extract<Clause, { kind: Kind }>
export type Source = z.output<typeof source>
export type Stage = z.output<typeof stage>
export type Measure = z.output<typeof measure>
