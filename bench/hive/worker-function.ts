import pg from 'pg'

/** The private SQL function of the benchmark's task, in the database of a running hive: one row a call. */
export async function createWorkerFunction(env: Readonly<Record<string, string>>): Promise<void> {
  const client = new pg.Client({ connectionString: env['DATABASE_URL'] })
  await client.connect()
  try {
    await client.query(`
      create schema if not exists bench authorization bees_owner;
      create table if not exists bench.effects (id bigint generated always as identity primary key, payload jsonb not null);
      alter table bench.effects owner to bees_owner;
      create or replace function bee_tasks.worker__write(input jsonb, call jsonb) returns jsonb language plpgsql as $$
      declare row_id bigint;
      begin
        insert into bench.effects (payload) values (input) returning id into row_id;
        return jsonb_build_object('row', row_id);
      end $$;`)
  } finally {
    await client.end()
  }
}
