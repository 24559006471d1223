import { z } from '../../../src/bee/index.ts'
import { securityEvent } from '../events/event.ts'
import { confidences, entityKinds, responses, severities } from '../findings.ts'
import { clause, field, ruleId } from './clause.ts'
import { duration } from './duration.ts'

/**
 * A rule, as it is written in YAML: one document a rule, several documents (`---`) a file. Sigma's words where Sigma has them:
 * `detection` holds selections (maps of `field|modifier: value(s)`, all of which must hold; a list of maps: one of them) and a
 * `condition` over them. Modifiers: contains, startswith, endswith, re, cidr, gt, gte, lt, lte, neq, exists, fieldref, all,
 * cased, hour (of `time`, UTC). Texts compare without regard to case, `*` and `?` are wildcards, `null` is an absent field.
 * `$name` stands for a setting anywhere a value may stand; `$$` is a dollar.
 */
const scalar = z.union([z.string().max(500), z.number().finite(), z.boolean(), z.null()])
const value = z.union([scalar, z.array(scalar).min(1).max(500)])
const item = z.string().regex(/^[a-z][a-z0-9_]*(\|[a-z0-9_]+)*$/, 'field, or field|modifier')
const fieldTests = z.record(item, value)
export const selection = z.union([fieldTests, z.array(fieldTests).min(1).max(50)])
const selectionName = z.string().regex(/^[a-z][a-z0-9_]*$/, 'lower case letters, digits and _')

/** A default: its type is the setting's type. A duration is written as one. */
const settingValue = z.union([
  z.number().finite(),
  z.boolean(),
  z.string().min(1).max(200),
  z.array(z.union([z.string().min(1).max(200), z.number().finite()])).max(500),
])
export const setting = z.union([
  settingValue,
  z.strictObject({
    default: settingValue,
    /** For the documentation. */
    about: z.string().min(1).max(300).optional(),
    /** Bounds of a number. */
    min: z.number().optional(),
    max: z.number().optional(),
  }),
])

const thing = z.strictObject({ kind: z.enum(entityKinds), field: field.optional() })

/** `at` is from a fixed Monday, 09:00 UTC. `vary`: a text with `{i}` (`{i%5}`, `{i/2}`, `{i*10}`, `{i+1}`, chained left to
 * right; i counts the repeats from 0), or a list that goes round. Left out: id, source, class, activity; account and src_net follow. */
const fixtureEvent = z.strictObject({
  ...securityEvent.omit({ time: true }).partial().shape,
  at: duration,
  repeat: z.strictObject({ count: z.int().min(1).max(20_000), every: duration }).optional(),
  vary: z
    .partialRecord(
      field,
      z.union([z.string().max(200), z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)]),
    )
    .optional(),
})

export const fixture = z.strictObject({
  name: z.string().min(1).max(200),
  /** Settings of this rule that differ from the defaults. */
  settings: z.record(z.string(), settingValue).optional(),
  events: z.array(fixtureEvent).min(1).max(500),
  /** Let the clock stand here at the end (for `silence` and `metric`). */
  tick: duration.optional(),
  expect: z
    .strictObject({
      /** Of the worst finding. */
      severity: z.enum(severities).optional(),
      entity: z.strictObject({ kind: z.enum(entityKinds), id: z.string() }).optional(),
      /** Different findings (keys). */
      findings: z.int().min(1).optional(),
    })
    .optional(),
})

export const rule = z.strictObject({
  id: ruleId,
  /** In the table of detections, 1 to 30; 0: none of them. */
  number: z.int().min(0).max(30),
  version: z.int().min(1),
  title: z.string().min(1).max(120),
  description: z.string().min(1).max(2000),
  /** stable tells people; incubating is kept and shown, tells nobody; off is not evaluated. */
  maturity: z.enum(['stable', 'incubating', 'off']),
  /** Only feeds other rules; never a finding of its own. */
  signal: z.boolean().default(false),
  severity: z.enum(severities),
  confidence: z.enum(confidences),
  attack: z.array(z.string().regex(/^T\d{4}(\.\d{3})?$/, 'an ATT&CK technique such as T1110.004')).max(10),
  /** Whom it is about: the value of the field in the event that completes it (kind tenant: no field). */
  entity: thing,
  /** Also involved, from the same event. */
  related: z.array(thing).max(8).default([]),
  /** One attack = same values of these; left out: the entity's field. */
  dedup: z.array(field).max(4).optional(),
  /** Quiet time without a hit after which a new hit is a new finding. */
  suppress: duration,
  /** Findings of the first days after the switching on tell nobody; history that is read in then is no day of these. */
  quiet: duration.optional(),
  falsepositives: z.array(z.string().min(1).max(400)).min(1),
  response: z.enum(responses).nullable(),
  /** Points for the entity's risk. */
  risk: z.number().min(0).max(1000),
  settings: z.record(z.string().regex(/^[a-z][a-z0-9_]*$/), setting).default({}),
  detection: z
    .object({ condition: z.string().min(1).max(500).optional() })
    .catchall(selection)
    .refine(
      (map) => Object.keys(map).every((name) => selectionName.safeParse(name).success),
      'names of selections: a-z, 0-9, _',
    ),
  /** One of these is enough; the most severe one that holds makes the finding. */
  any: z.array(clause).min(1).max(8),
  /** Sentence for a person, with `{fact}` or `{field}`; a clause's own goes first. */
  explain: z.string().min(1).max(400).optional(),
  fixtures: z.strictObject({
    positive: z.array(fixture).min(2).max(20),
    negative: z.array(fixture).min(2).max(20),
  }),
})

export type Rule = Readonly<z.output<typeof rule>>
export type Fixture = z.output<typeof fixture>
export type FixtureEvent = z.output<typeof fixtureEvent>
export type SettingValue = z.output<typeof settingValue>
export type Selection = z.output<typeof selection>
export type FieldTests = z.output<typeof fieldTests>
