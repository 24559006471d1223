import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { decidePlan } from '../../../../bees/security/respond/decide-plan.ts'
import { expireResponses } from '../../../../bees/security/respond/expire-responses.ts'
import { type Approver, readApprovers } from '../../../../bees/security/respond/index.ts'
import type { PlanResult } from '../../../../bees/security/respond/plan.ts'
import { proposePlan } from '../../../../bees/security/respond/propose-plan.ts'
import { respondThreat } from '../../../../bees/security/respond/respond-threat.ts'
import { setResponsePolicy } from '../../../../bees/security/respond/set-response-policy.ts'
import { showResponse } from '../../../../bees/security/respond/show-response.ts'
import type { SecurityServices } from '../../../../bees/security/services.ts'
import { defineBee, type Json } from '../../../../src/bee/index.ts'
import { generateSeed, SigningKey } from '../../../../src/trust/index.ts'
import { addSession, addUser, prepareAuth } from '../../../support/auth.ts'
import { createDatabase, type TestDatabase } from '../../../support/index.ts'
import { runTask, type TaskRun } from '../../../support/run-task.ts'

/** The tasks of the response and no others, so that these tests are about them alone. */
export const bee = defineBee<SecurityServices>({
  name: 'security',
  description: 'The responses of the Security Bee.',
  services: (env) => ({ ...({} as SecurityServices), approvers: readApprovers(env) }),
  tasks: {
    respond_threat: respondThreat,
    decide_plan: decidePlan,
    propose_plan: proposePlan,
    expire_responses: expireResponses,
    set_response_policy: setResponsePolicy,
    show_response: showResponse,
  },
})

/** The same bee in a hive that is killed between a transaction and its answer. */
const dyingBee = (after: number) =>
  defineBee<SecurityServices>({
    name: 'security',
    description: 'A hive that dies.',
    services: (env) => ({ ...({} as SecurityServices), approvers: readApprovers(env) }),
    tasks: {
      respond_threat: {
        ...respondThreat,
        run: (context) => {
          let calls = 0
          const transact: typeof context.transact = async (...args) => {
            const answer = await context.transact(...args)
            calls += 1
            if (calls >= after) throw new Error('killed')
            return answer
          }
          return respondThreat.run({ ...context, transact })
        },
      },
    },
  })

export interface Person {
  readonly name: string
  readonly kid: string
  readonly x: string
}

const personOf = (name: string): Person => {
  const { kid, publicJwk } = new SigningKey(generateSeed())
  return { name, kid, x: publicJwk.x }
}

export const [ada, bob, eve] = [personOf('ada'), personOf('bob'), personOf('eve')]
export const machine = new SigningKey(generateSeed()).kid
export const tenant = 'acme'
export const rule = 'success_after_attack'

export interface Wish {
  readonly kind: string
  readonly id: string
  readonly response: string
  readonly rule?: string
  readonly severity?: string
  readonly confidence?: string
}

export interface Desk {
  readonly database: TestDatabase
  readonly rows: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>
  readonly one: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>>
  /** As a superuser, with append-only triggers out of the way. */
  readonly force: (sql: string, values?: readonly unknown[]) => Promise<void>
  readonly run: (task: string, input: Json, by?: string | null, options?: RunOptions) => Promise<TaskRun>
  readonly setLimits: (limits: Readonly<Record<string, unknown>>) => Promise<void>
  readonly setMode: (playbook: string, mode: string | null) => Promise<void>
  /** Two hours pass for the limits, and no circuit is open. */
  readonly calm: () => Promise<void>
  /** A user with sessions from these addresses. */
  readonly user: (...ips: readonly string[]) => Promise<{ readonly id: string; readonly sessions: readonly string[] }>
  /** What the analysis calls; returns the plan that came of it, or null. */
  readonly incident: (change: Incident) => Promise<string | null>
  readonly digest: (plan: string) => Promise<string>
  readonly approve: (plan: string, by?: Person) => Promise<Record<string, unknown>>
  readonly execute: (plan: string, options?: RunOptions) => Promise<PlanResult>
  readonly revert: (plan: string, by?: Person) => Promise<PlanResult>
  readonly stateOf: (plan: string) => Promise<string>
  readonly close: () => Promise<void>
}

export interface RunOptions {
  readonly process?: string
  /** The hive dies when this many transactions have been answered. */
  readonly diesAfter?: number
  readonly approvers?: readonly Approver[] | string
}

export interface Incident {
  readonly wants: readonly Wish[]
  readonly change?: string
  readonly incident?: string
  readonly severity?: string
  readonly lastMs?: number
  readonly related?: readonly { readonly kind: string; readonly id: string }[]
  readonly quiet?: boolean
}

export const newIncident = () => `inc_${randomBytes(12).toString('hex')}`
export const approvers = JSON.stringify([ada, bob].map(({ name, x }) => ({ name, x })))

/** An IncidentChange as the analysis writes it. */
export function changeOf(given: Incident): Json {
  const wants = given.wants.map((wish, index) => ({
    finding: `finding-${index}`,
    rule: wish.rule ?? rule,
    rule_version: 3,
    entity: { kind: wish.kind, id: wish.id },
    severity: wish.severity ?? 'critical',
    confidence: wish.confidence ?? 'high',
    response: wish.response,
  }))
  const lastMs = given.lastMs ?? Date.now()
  return {
    ...{ incident: given.incident ?? newIncident(), change: given.change ?? 'opened' },
    ...{ severity: given.severity ?? 'critical', confidence: 'high', title: 'A sign-in after an attack' },
    ...{ entity: wants[0]?.entity ?? { kind: 'tenant', id: tenant }, related: [...(given.related ?? [])] },
    ...{ rules: [...new Set(wants.map((want) => want.rule))], findings: wants.map((want) => want.finding) },
    ...{ first_ms: lastMs - 60_000, last_ms: lastMs, events: 30, explanation: 'Thirty failures, then a success.' },
    ...{ response: wants[0]?.response ?? null, risk: 80, quiet: given.quiet ?? false, wants },
  }
}

export async function openDesk(): Promise<Desk> {
  const database = await createDatabase()
  await prepareAuth(database)
  const pool = new pg.Pool({ connectionString: database.url, max: 10 })
  pool.on('error', () => undefined)
  const rows: Desk['rows'] = async (sql, values = []) => (await pool.query(sql, [...values])).rows
  const one: Desk['one'] = async (sql, values) => {
    const [row, ...more] = await rows(sql, values)
    if (row === undefined || more.length > 0) throw new Error(`expected one row: ${sql}`)
    return row
  }
  const run: Desk['run'] = (task, input, by = null, { process, diesAfter, approvers: people = approvers } = {}) =>
    runTask(diesAfter === undefined ? bee : dyingBee(diesAfter), task, input, {
      database,
      process,
      submitter: by ?? undefined,
      env: { SECURITY_APPROVERS: typeof people === 'string' ? people : JSON.stringify(people) },
    })
  const setLimits: Desk['setLimits'] = async (limits) => {
    await rows(
      `insert into security.limits (tenant, limits, author, reason)
       select $1, d.limits || $2, 'test', 'test' from security.limits as d where d.tenant = '*'
       on conflict (tenant) do update set limits = excluded.limits`,
      [tenant, JSON.stringify(limits)],
    )
  }
  // This is the tenant whose project it is.
  await rows(`insert into security.pull_marks (tenant, marks) values ($1, '{}')`, [tenant])
  // Few users are active here, and most tests are not about how few.
  await setLimits({ users_floor: 10, actions_per_hour: 1000 })
  const firstPlan = ({ output }: TaskRun): PlanResult => {
    const [result] = (output as { readonly plans: readonly PlanResult[] }).plans
    if (result === undefined) throw new Error('no plan was answered')
    return result
  }
  const digest: Desk['digest'] = async (plan) =>
    String((await one('select digest from security.plans where id = $1', [plan]))['digest'])
  return {
    ...{ database, rows, one, run, digest },
    force: async (sql, values = []) => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        for (const table of ['audit', 'approvals'])
          await client.query(`alter table security.${table} disable trigger append_only`)
        await client.query(sql, [...values])
        for (const table of ['audit', 'approvals'])
          await client.query(`alter table security.${table} enable always trigger append_only`)
        await client.query('commit')
      } catch (thrown) {
        await client.query('rollback')
        throw thrown
      } finally {
        client.release()
      }
    },
    setLimits,
    setMode: async (playbook, mode) => {
      await rows(
        `insert into security.playbooks (tenant, playbook, mode) values ($1, $2, $3)
         on conflict (tenant, playbook) do update set mode = excluded.mode`,
        [tenant, playbook, mode],
      )
    },
    calm: async () => {
      await rows(`update security.plan_actions set acted_at = acted_at - interval '2 hours'`)
      await rows(`update security.circuits set closed_at = now() where closed_at is null`)
    },
    user: async (...ips) => {
      const id = await addUser(database)
      const sessions: string[] = []
      for (const ip of ips)
        sessions.push(await addSession(database, { userId: id, ip, refreshTokens: 2, userAgent: 'Firefox' }))
      return { id, sessions }
    },
    incident: async (given) => {
      const known = (await rows('select id from security.plans')).map(({ id }) => id)
      // With the rights of the task that analyses.
      const client = await pool.connect()
      try {
        await client.query('set role bees_owner')
        await client.query('select security.propose_plans($1, $2, now())', [tenant, JSON.stringify([changeOf(given)])])
      } finally {
        await client.query('reset role')
        client.release()
      }
      const made = (await rows('select id from security.plans')).find(({ id }) => !known.includes(id))
      return made === undefined ? null : String(made['id'])
    },
    approve: async (plan, by = ada) => {
      const input = { plan, digest: await digest(plan), decision: 'approve', reason: 'seen and understood' }
      return (await run('decide_plan', input, by.kid)).output as Record<string, unknown>
    },
    execute: async (plan, options) =>
      firstPlan(await run('respond_threat', { plan, operation: 'execute' }, machine, options)),
    revert: async (plan, by = ada) =>
      firstPlan(await run('respond_threat', { plan, operation: 'revert', reason: 'it was the user' }, by.kid)),
    stateOf: async (plan) => String((await one('select state from security.plans where id = $1', [plan]))['state']),
    close: async () => {
      await pool.end()
      await database.drop()
    },
  }
}

/** Everything that a response may change, row by row, but for the record of what was done. */
export async function world(desk: Desk): Promise<unknown> {
  const tables = ['auth.users', 'auth.sessions', 'auth.refresh_tokens', 'auth.mfa_factors', 'security.restrictions']
  const all: Record<string, unknown> = {}
  for (const table of tables)
    all[table] = (await desk.rows(`select to_jsonb(t)::text as row from ${table} as t order by 1`)).map(
      ({ row }) => row,
    )
  return all
}
