-- Since when a tenant is watched: when its first event came in, by the clock of the database. The first days of some rules tell
-- nobody, and what happened before anybody looked is no part of these days, however much history is read in at the start.

alter table security.versions add column began_at timestamptz;

-- From the sources, which are noted in the transaction that takes an event in: an analysis that is repeated finds the same.
create function security.began_at(p_tenant text)
returns timestamptz
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select min(s.first_seen_at) from security.sources as s where s.tenant = p_tenant), now())
$$;

update security.versions as v
set began_at = security.began_at(v.tenant);

alter table security.versions alter column began_at set not null;

create function security.note_beginning()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.began_at := coalesce(new.began_at, security.began_at(new.tenant));
  return new;
end
$$;

create trigger note_beginning
before insert on security.versions
for each row execute function security.note_beginning();

-- As before, with `since_ms`.
create or replace function security.analysis_page(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_tenant constant text := input ->> 'tenant';
  v_known security.versions;
begin
  select v.* into v_known from security.versions as v where v.tenant = v_tenant;
  return (
    with candidates as (
      select i.seq, i.time_ms, i.event ->> 'id' collate "C" as id, i.event, octet_length(i.event::text) as bytes
      from security.inbox as i
      where i.tenant = v_tenant
      order by i.time_ms, i.event ->> 'id' collate "C", i.seq
      limit (input ->> 'most')::integer + 1
    ),
    counted as (
      select
        c.seq,
        c.event,
        row_number() over place as n,
        sum(c.bytes) over place as bytes
      from candidates as c
      window place as (order by c.time_ms, c.id, c.seq rows unbounded preceding)
    ),
    chosen as (
      -- One at least, however large.
      select c.seq, c.event, c.n
      from counted as c
      where c.n = 1 or (c.n <= (input ->> 'most')::integer and c.bytes <= (input ->> 'bytes')::bigint)
    )
    select jsonb_build_object(
      'version', coalesce(v_known.version, 0),
      'watermark_ms', coalesce(v_known.watermark_ms, 0),
      'since_ms', floor(extract(epoch from coalesce(v_known.began_at, security.began_at(v_tenant))) * 1000)::bigint,
      'settings', security.settings_of(v_tenant),
      'events', (
        select coalesce(jsonb_agg(jsonb_build_object('seq', c.seq, 'event', c.event) order by c.n), '[]')
        from chosen as c
      ),
      'more', (select count(*) from candidates) > (select count(*) from chosen)
    )
  );
end
$$;

call bees.seal('security');
