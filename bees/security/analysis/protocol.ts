import { BeeError, type Json, z } from '../../../src/bee/index.ts'

/** What the SQL functions of the analysis return. */
export const begun = z.object({
  /** Whose events wait, the longest waiting first; and whose silence is to be looked at. */
  tenants: z.array(z.string()),
  silent: z.array(z.string()),
  closed: z.int(),
  forgotten: z.int(),
})
const ruleSettings = z.array(
  z.object({
    rule: z.string(),
    settings: z.record(z.string(), z.json()),
    mode: z.enum(['on', 'quiet', 'off']).nullable(),
    /** What an analysis found wrong; null: none has looked since the last change. */
    problems: z.array(z.object({ setting: z.string(), received: z.string(), expected: z.string() })).nullable(),
  }),
)
export type RuleSettings = z.output<typeof ruleSettings>
export const page = z.object({
  version: z.int(),
  watermark_ms: z.number(),
  /** When the tenant's first event came in, by the clock of the database. */
  since_ms: z.number(),
  settings: ruleSettings,
  /** Whatever lies in the inbox: not checked here, since one that cannot be read must not stop the others. */
  events: z.array(z.object({ seq: z.int(), event: z.unknown() })),
  more: z.boolean(),
})
export type Page = z.output<typeof page>
export const settings = z.object({ settings: ruleSettings })
export const range = z.object({
  events: z.array(z.unknown()),
  last_ms: z.number(),
  last_id: z.string(),
  more: z.boolean(),
})
export const states = z.object({ version: z.int(), states: z.array(z.tuple([z.string(), z.unknown()])) })
export const committed = z.object({ stale: z.boolean(), version: z.int() })

/** @throws BeeError BEE_HANDLER_FAILED when the database answers with something else */
export function answer<Schema extends z.ZodType>(schema: Schema, output: Json, op: string): z.output<Schema> {
  const read = schema.safeParse(output)
  if (read.success) return read.data
  const where = read.error.issues[0]?.path.join('.') ?? ''
  throw new BeeError('BEE_HANDLER_FAILED', `security, ${op}: the database answered something else (at ${where}).`)
}
