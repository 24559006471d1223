/** The attacker holds a database session of a role of the API, or of the auth server. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminQuery } from '../support/index.ts'
import { type LedgerDatabase, ledgerDatabase, pool } from '../ledger/ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
  const { prepareAuth } = await import('../support/auth.ts')
  await prepareAuth({ url: ledger.database.url })
})
afterAll(() => ledger.close())

const schemas = ['security', 'security_auth', 'security_rls', 'security_hooks', 'bees', 'bee_tasks']
const roles = ['anon', 'authenticated', 'service_role', 'bee', 'supabase_auth_admin']
test('x', async () => {
  const q = (sql: string) => adminQuery(ledger.database.url, sql, [schemas, roles] as never)
  console.log(await q(`select n.nspname, p.proname, r.rolname from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join pg_roles r
   where n.nspname = any($1) and r.rolname = any($2) and has_function_privilege(r.oid, p.oid, 'execute') and not pg_has_role(r.oid,'bees_owner','usage')`))
  console.log(await q(`select n.nspname, c.relname, r.rolname from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join pg_roles r
   where n.nspname = any($1) and r.rolname = any($2) and case when c.relkind = 'S' then has_sequence_privilege(r.oid, c.oid, 'select,usage,update') when c.relkind in ('r','p','v','m','f') then has_table_privilege(r.oid, c.oid, 'select,insert,update,delete,truncate,references,trigger') or has_any_column_privilege(r.oid,c.oid,'select,insert,update,references') else false end`))
  console.log(await q(`select n.nspname, r.rolname, has_schema_privilege(r.oid,n.oid,'create') c, has_schema_privilege(r.oid,n.oid,'usage') u from pg_namespace n cross join pg_roles r
   where n.nspname = any($1) and r.rolname = any($2) and has_schema_privilege(r.oid, n.oid, 'usage,create')`))
  console.log(await q(`select r.rolname from pg_roles r where r.rolname = any($2) and (pg_has_role(r.oid,'bees_owner','member')) and $1::text[] is not null`))
  console.log(await q(`select n.nspname, p.proname, p.prosecdef, p.proconfig from pg_proc p join pg_namespace n on n.oid=p.pronamespace where n.nspname = any($1) and $2::text[] is not null and p.prolang <> (select oid from pg_language where lanname='internal') and not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false)`))
  console.log(await q(`select d.defaclrole::regrole::text, d.defaclnamespace::regnamespace::text, d.defaclobjtype, d.defaclacl::text from pg_default_acl d where $1::text[] is not null and $2::text[] is not null`))
  console.log(await q(`select n.nspname, p.proname, r.rolname from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid=p.proowner where n.nspname = any($1) and $2::text[] is not null and p.prosecdef`))
  console.log(await q(`select n.nspname, t.typname from pg_type t join pg_namespace n on n.oid=t.typnamespace where n.nspname = any($1) and $2::text[] is not null and t.typtype not in ('c','b')`))
})
