import { status } from '../event.ts'
import { textAt } from '../fields.ts'
import type { LineReader } from './line.ts'

/** 42501: a right is missing or row level security refused. 28…: a log-in at the database failed. */
const refusedRight = '42501'
const badLogin = new Set(['28P01', '28000'])

/** Statements that take protection away, as log_statement = ddl or pgaudit shows them. */
const weakenings: readonly (readonly [pattern: RegExp, resource: string])[] = [
  [/\b(disable|no force)\s+row\s+level\s+security\b/i, 'row level security'],
  [/\bdrop\s+policy\b/i, 'policy dropped'],
  [/\balter\s+policy\b/i, 'policy changed'],
  [/\bdisable\s+trigger\b/i, 'trigger disabled'],
  [/\bgrant\b.{0,200}\bto\s+"?(anon|public|authenticated)\b/i, 'grant'],
  [/\balter\s+role\b.{0,100}\b(superuser|bypassrls|createrole)\b/i, 'role'],
]

/** A line of Postgres: of the many, those that say that somebody was refused or that protection was taken away. */
export const postgresLine: LineReader = ({ facts, message = '' }, { pseudonyms }) => {
  const code = textAt(facts, ['parsed', 'sql_state_code'], 5)
  const role = textAt(facts, ['parsed', 'user_name'])
  const from = textAt(facts, ['parsed', 'connection_from'])
  const common = {
    source: 'supabase_postgres',
    src_ip: from === undefined ? undefined : pseudonyms.ip(from),
    data: role !== undefined && /^\w{1,63}$/.test(role) ? { db_role: role } : undefined,
  }
  if (code === refusedRight) {
    const table = /\bfor (?:table|relation|view|function|schema|sequence) "?([\w.]{1,63})"?(?=[\s,;:]|$)/.exec(
      message,
    )?.[1]
    return { ...common, action: 'access_denied', status_id: status.failure, error_code: code, resource: table }
  }
  if (code !== undefined && badLogin.has(code)) {
    return {
      ...common,
      action: 'login',
      status_id: status.failure,
      error_code: code,
      auth_method: 'postgres',
      identifier: role === undefined ? undefined : pseudonyms.identifier(`postgres:${role}`),
    }
  }
  const statement = textAt(facts, ['parsed', 'query'], 16_384) ?? message
  const [, resource] = weakenings.find(([pattern]) => pattern.test(statement)) ?? []
  if (resource === undefined || textAt(facts, ['parsed', 'error_severity']) === 'ERROR') return undefined
  return { ...common, action: 'config_change', status_id: status.success, resource }
}
