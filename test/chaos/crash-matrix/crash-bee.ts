import { setTimeout as sleep } from 'node:timers/promises'
import { defineBee, defineTaskWith, z } from '../../../src/bee/index.ts'

interface CrashServices {
  /** Where the outside world is read. */
  readonly readUrl: string
}

/** What each task of the bee makes of one transaction. */
const row = z.object({ row: z.int() })
const input = z.object({
  note: z.string(),
  /** Number of the lock that the transaction waits for, at which of its steps and where in it. */
  lock: z.int().nullable().default(null),
  lock_step: z.int().default(1),
  lock_at: z.enum(['statement', 'commit']).default('statement'),
})
const readTimeoutMs = 700
const readTries = 4
const common = { deadlineMs: 3_000, brokerRetries: 20, retry: { tries: 4, baseMs: 20, factor: 2, capMs: 200 } } as const
const defineTask = defineTaskWith<CrashServices>()

/** The three kinds of tasks that there are: one transaction; one for each business key; two with an outside read between. */
export const crashBee = defineBee<CrashServices>({
  name: 'crash',
  description: 'Is killed at every boundary.',
  slots: 64,
  services: (env) => ({ readUrl: String(env['READ_URL']) }),
  tasks: {
    single: defineTask({
      ...common,
      description: 'One transaction.',
      input,
      output: row,
      run: async ({ transact }) => row.parse((await transact()).output),
    }),
    keyed: defineTask({
      ...common,
      description: 'One transaction for each business key.',
      input,
      output: row,
      key: ({ note }) => note,
      run: async ({ transact }) => row.parse((await transact()).output),
    }),
    steps: defineTask({
      ...common,
      description: 'A transaction, a read outside of the database, and a second transaction with what was read.',
      input,
      output: z.object({ rows: z.array(z.int()), read: z.string() }),
      run: async ({ transact, input: given, services, signal }) => {
        const first = row.parse((await transact()).output)
        const read = await readOutside(`${services.readUrl}/read/${encodeURIComponent(given.note)}`, signal)
        const second = row.parse((await transact({ ...given, read })).output)
        return { rows: [first.row, second.row], read }
      },
    }),
  },
})

/** Reads until an answer is whole: as the finance bee reads Stripe. */
async function readOutside(url: string, signal: AbortSignal): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      const reply = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(readTimeoutMs)]) })
      const text = await reply.text()
      if (reply.status === 200) return z.object({ value: z.string() }).parse(JSON.parse(text)).value
      throw new Error(`the outside answered ${reply.status}`)
    } catch (thrown) {
      if (signal.aborted || tries === readTries) throw thrown
      await sleep(20, undefined, { signal })
    }
  }
}

/** How many transactions each task makes. */
export const transactionsOf = { 'crash/single': 1, 'crash/keyed': 1, 'crash/steps': 2 } as const

/** `process` and `step` of every effect. */
export const effectsSql = 'select process, step from crash.effects'

/**
 * Its SQL. Nothing forbids a second effect, so that one would show. A lock that a test holds stops a transaction in its
 * statement or, by a deferred trigger, in its commit.
 */
export const crashSql = `
  create schema crash authorization bees_owner;
  create table crash.effects (
    id bigint generated always as identity primary key,
    colony text not null, process text not null, step integer not null, task text not null, note text not null,
    lock bigint
  );
  alter table crash.effects owner to bees_owner;
  create table crash.trouble (die_percent integer not null, slow_seconds double precision not null, seed integer not null);
  insert into crash.trouble values (0, 0, 0);
  create sequence crash.calls;
  create function crash.wait_in_commit() returns trigger language plpgsql as $$
  begin
    if new.lock is not null then
      perform pg_catalog.pg_advisory_xact_lock_shared(new.lock);
    end if;
    perform crash.suffer(1);
    return null;
  end $$;
  alter function crash.wait_in_commit() security definer;
  create constraint trigger wait_in_commit after insert on crash.effects deferrable initially deferred
    for each row execute function crash.wait_in_commit();
  create function crash.act(input jsonb, call jsonb) returns jsonb language plpgsql set search_path = '' as $$
  declare
    mine constant boolean := (input ->> 'lock_step')::integer = (call ->> 'step')::integer;
    id bigint;
  begin
    perform crash.suffer(0);
    insert into crash.effects (colony, process, step, task, note, lock)
    values (call ->> 'colony', call ->> 'process', (call ->> 'step')::integer, call ->> 'task', input ->> 'note',
      case when mine and input ->> 'lock_at' = 'commit' then (input ->> 'lock')::bigint end)
    returning effects.id into id;
    if mine and input ->> 'lock' is not null and input ->> 'lock_at' = 'statement' then
      perform pg_catalog.pg_advisory_xact_lock_shared((input ->> 'lock')::bigint);
    end if;
    return pg_catalog.jsonb_build_object('row', id);
  end $$;
  ${['single', 'keyed', 'steps']
    .map(
      (task) => `create function bee_tasks.crash__${task}(input jsonb, call jsonb) returns jsonb
        language sql set search_path = '' as $$ select crash.act(input, call) $$;`,
    )
    .join('\n  ')}
  call bees.seal('crash');
  call bees.seal('bee_tasks');
  -- Not sealed, since only a superuser may end any backend.
  create function crash.suffer(at integer) returns void language plpgsql security definer set search_path = '' as $$
  declare
    trouble crash.trouble;
  begin
    select t.* into strict trouble from crash.trouble as t;
    if trouble.slow_seconds > 0 then
      perform pg_catalog.pg_sleep(trouble.slow_seconds);
    end if;
    -- A sequence does not roll back, so every call draws anew.
    if trouble.die_percent > 0
      and abs(pg_catalog.hashint8(pg_catalog.nextval('crash.calls') * 2 + at + trouble.seed)::bigint) % 200 < trouble.die_percent
    then
      perform pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid());
    end if;
  end $$;
  revoke all on function crash.suffer(integer) from public;
  grant execute on function crash.suffer(integer) to bees_owner;`
