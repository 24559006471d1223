import { TerminalError, z } from '../../../src/bee/index.ts'
import { entityKinds, severities } from '../findings.ts'
import { defineSecurityTask } from '../services.ts'
import { atOf } from './protocol.ts'
import { routeFields } from './receivers/receiver.ts'

const tenant = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
const incident = z.string().min(1).max(100)
const ruleId = z.string().min(1).max(100)
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)

/** Who it was is part of what they did: the key that signed the envelope, never a name in the input. */
function mustBeSigned({ submitter }: { readonly submitter: string | null }): void {
  if (submitter === null) throw new TerminalError('nobody has signed this task: submit it with a key of your own')
}

export const silenceAlerts = defineSecurityTask({
  description: 'Tells nobody of certain incidents for a while; what was told of already is still said to be over.',
  input: z
    .strictObject({
      tenant,
      rule: ruleId.optional().describe('Covers an incident when each of its rules is silenced.'),
      entity: z
        .strictObject({ kind: z.enum(entityKinds), id: z.string().min(1).max(320) })
        .optional()
        .describe('Whom or what the incident is about.'),
      incident: incident.optional(),
      max_severity: z.enum(severities).default('high').describe('What is worse is told all the same.'),
      reason: z.string().trim().min(3).max(500).describe('For those who wonder why they heard nothing.'),
      minutes: z.int().min(1).max(43_200).describe('It ends by itself; 43 200 are 30 days.'),
    })
    .refine(
      ({ rule, entity, incident: one }) => rule !== undefined || entity !== undefined || one !== undefined,
      'expected a rule, an entity or an incident: nothing silences everything',
    ),
  output: z.object({
    id: z.string(),
    ends_ms: z.int(),
    covers: z.int().describe('Open incidents that are silent now.'),
  }),
  run: async ({ input, process, services, transact }) => {
    mustBeSigned(process)
    const { output } = await transact({ ...plainInput(input), ...atOf(services.alerts) })
    return z.object({ id: z.string(), ends_ms: z.int(), covers: z.int() }).parse(output)
  },
})

export const unsilenceAlerts = defineSecurityTask({
  description: 'Ends a silence before its time.',
  input: z.strictObject({ tenant, id: z.string().regex(/^sil_[0-9a-f]{24}$/) }),
  output: z.object({ ended: z.boolean().describe('False: there is none with this id that still holds.') }),
  run: async ({ input, process, services, transact }) => {
    mustBeSigned(process)
    const { output } = await transact({ ...input, ...atOf(services.alerts) })
    return z.object({ ended: z.boolean() }).parse(output)
  },
})

export const ackIncident = defineSecurityTask({
  description: 'Takes an incident up: nobody is reminded of it any more, unless it becomes worse.',
  input: z.strictObject({ tenant, incident }),
  output: z.object({
    acknowledged: z.boolean().describe('False: there is no open incident with this id.'),
    notifications: z.int(),
  }),
  run: async ({ input, process, services, transact }) => {
    mustBeSigned(process)
    const { output } = await transact({ ...input, ...atOf(services.alerts) })
    return z.object({ acknowledged: z.boolean(), notifications: z.int() }).parse(output)
  },
})

export const resendAlerts = defineSecurityTask({
  description: 'Sends the dead letters of one receiver again, those of the last 7 days.',
  input: z.strictObject({ tenant, receiver: name }),
  output: z.object({ resent: z.int() }),
  run: async ({ input, process, services, transact }) => {
    mustBeSigned(process)
    const { output } = await transact({ ...input, ...atOf(services.alerts) })
    return z.object({ resent: z.int() }).parse(output)
  },
})

const route = z.strictObject({
  name,
  receiver: name.describe('Name of a receiver of SECURITY_RECEIVERS.'),
  kind: z.enum(['webhook', 'slack', 'pagerduty', 'email']),
  ...routeFields({ group_by: 'entity', wait: 30, interval: 300, repeat: 14_400 }),
})

export const setAlertRoutes = defineSecurityTask({
  description:
    'Sets who is told of what for one tenant, as a whole; for the tenant * for all that have no routes of their own.',
  input: z.strictObject({
    tenant: z.union([z.literal('*'), tenant]),
    routes: z
      .array(route)
      .max(50)
      .refine((routes) => new Set(routes.map((one) => one.name)).size === routes.length, 'each name once'),
  }),
  output: z.object({ routes: z.int() }),
  run: async ({ input, process, services, transact }) => {
    mustBeSigned(process)
    const { output } = await transact({ ...input, ...atOf(services.alerts) })
    return z.object({ routes: z.int() }).parse(output)
  },
})

/** Absent members stay absent in JSON. */
const plainInput = (input: object) => JSON.parse(JSON.stringify(input)) as Record<string, never>
