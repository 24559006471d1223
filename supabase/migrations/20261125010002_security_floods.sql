-- What somebody can fill who may send events: how many wait, how many state rows there are, how many incidents are opened. Each
-- has a bound for one tenant, so that a flood costs its sender and not those who share the database with him.

-- Bounds. Numbers of rows; for a test, or a very large tenant, another function takes the place of one of these.
create function security.most_waiting()
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
return 200000;

create function security.most_states()
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
return 500000;

-- Incidents that one rule may open in an hour; and while the tenant's are more than most_opened_by_all: five, so that what is
-- found by a rule that nobody floods comes through.
create function security.most_opened()
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
return 60;

create function security.most_opened_by_all()
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
return 300;

create function security.most_opened_in_flood()
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
return 5;

-- 1. The inbox. Whoever sends keeps his events until there is room again. What is pulled and what hooks note is bounded by what
-- really happens, and comes in all the same.
create function security.is_inbox_full(p_tenant text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_first bigint;
  v_last bigint;
begin
  select min(i.seq), max(i.seq) into v_first, v_last from security.inbox as i where i.tenant = p_tenant;
  -- Numbers are shared by all tenants: as many rows as that at most, and only then they are counted.
  if v_first is null or v_last - v_first + 1 < security.most_waiting() then
    return false;
  end if;
  return security.most_waiting() <= (
    select count(*)
    from (select from security.inbox as i where i.tenant = p_tenant limit security.most_waiting()) as waiting
  );
end
$$;

create or replace function bee_tasks.security__record_events(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if security.is_inbox_full(input ->> 'tenant') then
    -- An error that passes by itself and says nothing against the database: the sender is told to come again.
    raise exception 'more events of this tenant wait for the analysis than may wait' using errcode = '55P03';
  end if;
  return security.record_events(input ->> 'tenant', input -> 'events', (input -> 'retention_days')::integer);
end
$$;

-- 2. State rows. A flood of ever new users and addresses makes a row for each and never comes back to it. So where there are
-- too many, those go first that nobody came back to, the longest ago first; what a real attack feeds, and what is known
-- of people who come again, stays.
alter table security.states add column made_at timestamptz not null default now();
-- Not less than there are; counted anew when it reaches the bound.
alter table security.versions add column states bigint not null default 0;

update security.versions as v
set states = (select count(*) from security.states as s where s.tenant = v.tenant);

create function security.bound_states()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_most constant bigint := security.most_states();
  v_tenant record;
  v_states bigint;
begin
  for v_tenant in select m.tenant, count(*) as n from made as m group by m.tenant order by m.tenant
  loop
    update security.versions as v set states = v.states + v_tenant.n where v.tenant = v_tenant.tenant
    returning v.states into v_states;
    continue when v_states is null or v_states <= v_most;

    select count(*) into v_states from security.states as s where s.tenant = v_tenant.tenant;
    if v_states > v_most then
      -- A tenth more than needed, or it would be looked for anew with each page.
      delete from security.states as s
      where s.tenant = v_tenant.tenant and s.key in (
        select o.key
        from security.states as o
        where o.tenant = v_tenant.tenant
        order by (o.touched_at > o.made_at), o.touched_at, o.key
        limit v_states - v_most + v_most / 10
      );
      v_states := v_most - v_most / 10;
      perform security.lock_responses(v_tenant.tenant);
      perform security.alert_response(
        v_tenant.tenant, 'states', 'More is to be remembered than there is room for',
        'Events name so many users, addresses or other things that what came once and not again was forgotten. Somebody floods '
        || 'this tenant with events, or it has outgrown the bound (security.most_states).'
      );
    end if;
    update security.versions as v set states = v_states where v.tenant = v_tenant.tenant;
  end loop;
  return null;
end
$$;

create trigger bound_states
after insert on security.states
referencing new table as made
for each statement execute function security.bound_states();

call bees.seal('security');
call bees.seal('bee_tasks');
