import { adminQuery } from './database-url.ts'

/**
 * Counts, inside the database and inside the very transactions that have the effects, how often each Stripe event was
 * recorded and how often it wrote an invoice. An effect that was rolled back is not counted; one that came twice is 2.
 */
export async function countEffects(databaseUrl: string): Promise<void> {
  await adminQuery(
    databaseUrl,
    `create schema counted;
     create table counted.effects (event text not null, at text not null, n integer not null, primary key (event, at));
     create function counted.note() returns trigger language plpgsql security definer set search_path = '' as $$
     declare
       event text := case tg_argv[0] when 'event' then to_jsonb(new) ->> 'id' else to_jsonb(new) ->> 'last_event' end;
     begin
       insert into counted.effects as e values (event, tg_argv[0], 1)
       on conflict on constraint effects_pkey do update set n = e.n + 1;
       return null;
     end $$;
     create trigger counted after insert on finance.events
       for each row execute function counted.note('event');
     create trigger counted after insert or update on finance.invoices
       for each row execute function counted.note('invoice');`,
  )
}

/** What happened more than once, and how many events happened at all. */
export async function effectsOf(databaseUrl: string) {
  const rows = (await adminQuery(databaseUrl, 'select event, at, n from counted.effects order by event, at')) as {
    event: string
    at: 'event' | 'invoice'
    n: number
  }[]
  return {
    events: rows.filter(({ at }) => at === 'event').length,
    invoices: rows.filter(({ at }) => at === 'invoice').length,
    twice: rows.filter(({ n }) => n !== 1).map(({ event, at, n }) => `${event}: ${at} ${n} times`),
  }
}
