-- Security events: narrow columns with the names and ids of OCSF, the rest as JSON, one partition a day (UTC).
--
-- There is no default partition, so nothing can gather where no retention reaches it. Which times are taken at all is
-- decided by security.record_events: not older than the retention, not more than a day ahead. What is within gets its
-- partition made on the spot if the hourly tend_events has not made it yet, so their number is bounded whatever the
-- senders claim.
create table security.events (
  tenant text not null,
  id text not null,
  -- When it happened, as the source says.
  time timestamptz not null,
  ingested_at timestamptz not null default now(),
  source text not null,
  class_uid integer not null,
  activity_id integer not null,
  -- OCSF: class and activity in one number.
  type_uid bigint not null generated always as (class_uid::bigint * 100 + activity_id) stored,
  action text not null,
  status_id smallint not null,
  severity_id smallint,
  status_code smallint,
  error_code text,
  user_uid text,
  actor_uid text,
  identifier text,
  account text,
  session_uid text,
  api_key_id text,
  -- As the policy for addresses leaves it: whole, the network's base, or a stand-in out of fd00::/8.
  src_ip inet,
  asn bigint,
  country text,
  lat double precision,
  long double precision,
  ua_family text,
  device text,
  http_method text,
  path text,
  resource text,
  rows double precision,
  bytes double precision,
  blocked boolean,
  -- Fields of an event that have no column of their own, by their names.
  more jsonb not null default '{}',
  -- What the source told beyond that; without personal data.
  data jsonb,
  -- The version of OCSF that names and ids are taken from.
  schema_version text not null default '1.6.0'
) partition by range (time);

create index events_id on security.events (tenant, id);
create index events_time on security.events (tenant, time);
create index events_src_ip on security.events (tenant, src_ip, time) where src_ip is not null;

-- Each event once for each tenant, whatever its time: a partitioned table cannot promise that by itself. A row goes when its
-- event would be refused as too old, so a repeat cannot come back as new.
create table security.event_ids (
  tenant text not null,
  id text not null,
  time timestamptz not null,
  primary key (tenant, id)
);

create index event_ids_time on security.event_ids (time);

-- Events that the analysis has not consumed. It deletes exactly the rows that it has read, in the transaction that keeps
-- what came of them; the order in which rows were committed does not matter.
create table security.inbox (
  tenant text not null,
  seq bigint generated always as identity,
  time_ms bigint not null,
  -- The event as bees/security/events/event.ts says.
  event jsonb not null,
  received_at timestamptz not null default now(),
  primary key (tenant, seq)
);

create index inbox_time on security.inbox (tenant, time_ms);

-- What is usual for a source: a rule can tell silence and late clocks from it.
create table security.sources (
  tenant text not null,
  source text not null,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  -- Greatest event time so far that was not in the future.
  last_ms bigint not null,
  -- Seconds between two arrivals, and between happening and arriving; running means.
  gap_s double precision,
  lag_s double precision not null default 0,
  primary key (tenant, source)
);

-- Where an address is and whose, learnt from sources that know (edge logs); events that do not say get it from here.
create table security.addresses (
  tenant text not null,
  ip inet not null,
  asn bigint,
  country text,
  lat double precision,
  long double precision,
  network_type text,
  seen_at timestamptz not null default now(),
  primary key (tenant, ip)
);

create index addresses_seen on security.addresses (seen_at);

create function security.partition_of(p_day date)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
return 'events_' || pg_catalog.to_char(p_day, 'YYYYMMDD');

-- Makes a day's partition. Attaching needs no lock that writers wait for, unlike "create table ... partition of".
create function security.add_partition(p_day date)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := security.partition_of(p_day);
begin
  if to_regclass(format('security.%I', v_name)) is not null then
    return false;
  end if;
  perform bees.lock_subject('security:partition', v_name);
  -- Somebody may have made it while we waited. to_regclass may still remember that there was none; a query looks.
  if exists (
    select from pg_class as c where c.relnamespace = 'security'::regnamespace and c.relname = v_name
  ) then
    return false;
  end if;
  execute format('create table security.%I (like security.events including all)', v_name);
  execute format('alter table security.%I enable row level security', v_name);
  execute format('revoke all on security.%I from public, anon, authenticated, service_role, bee', v_name);
  execute format(
    'alter table security.events attach partition security.%I for values from (%L) to (%L)',
    v_name,
    to_char(p_day, 'YYYY-MM-DD') || ' 00:00:00+00',
    to_char(p_day + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
  );
  return true;
end
$$;

call bees.seal('security');
