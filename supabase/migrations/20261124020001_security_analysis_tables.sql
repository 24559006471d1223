-- What the analysis of security events remembers: the state of rules and detectors, findings, incidents, settings.
--
-- Time of an event is event time (milliseconds since 1970, as events carry it) in the columns that end in _ms; the others are
-- the clock of the database.

-- One row for each group that some rule counts in (an address, an account, ...) with all rules' state of that group; also the
-- risk of entities and the incidents that are going on. Written only in the transaction that consumes the events.
create table security.states (
  tenant text not null,
  key text not null check (octet_length(key) between 1 and 700),
  state jsonb not null,
  -- By event time: what has not been touched up to then says nothing any more.
  expires_ms bigint not null,
  touched_at timestamptz not null default now(),
  primary key (tenant, key)
);

create index states_expires on security.states (expires_ms);

-- A tenant's stream of events: who consumes a part of it names the version that he has read.
create table security.versions (
  tenant text primary key,
  version bigint not null default 0,
  -- Greatest event time that has been consumed and was not in the future.
  watermark_ms bigint not null default 0,
  events bigint not null default 0,
  analysed_at timestamptz not null default now(),
  -- When it was last looked whether something should have come and has not.
  ticked_at timestamptz not null default now()
);

create index versions_ticked on security.versions (ticked_at);

create table security.findings (
  tenant text not null,
  key text not null,
  rule text not null,
  detection integer not null,
  severity text not null,
  confidence text not null,
  entity_kind text not null,
  entity_id text not null,
  incident text not null,
  quiet boolean not null,
  time_ms bigint not null,
  -- The whole finding, as bees/security/findings.ts says.
  finding jsonb not null,
  found_at timestamptz not null default now(),
  primary key (tenant, key)
);

create index findings_time on security.findings (tenant, time_ms desc);
create index findings_incident on security.findings (tenant, incident);
create index findings_rule on security.findings (tenant, rule, time_ms desc);

create table security.incidents (
  tenant text not null,
  id text not null,
  status text not null check (status in ('open', 'closed')),
  severity text not null,
  confidence text not null,
  title text not null,
  entity_kind text not null,
  entity_id text not null,
  quiet boolean not null,
  first_ms bigint not null,
  last_ms bigint not null,
  -- Closed when events have gone on for longer than this without it.
  until_ms bigint not null,
  -- The last change, as bees/security/analysis/incident.ts says.
  incident jsonb not null,
  opened_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  closed_at timestamptz,
  primary key (tenant, id)
);

create index incidents_open on security.incidents (until_ms) where status = 'open';
create index incidents_recent on security.incidents (tenant, last_ms desc);
create index incidents_closed on security.incidents (closed_at) where status = 'closed';

-- Events that could not be read. They are put here, so that they stop nobody, and counted.
create table security.set_aside (
  tenant text not null,
  seq bigint not null,
  -- What was wrong: paths and kinds, never what stood there.
  reason text not null,
  event jsonb,
  at timestamptz not null default now(),
  primary key (tenant, seq)
);

create index set_aside_at on security.set_aside (at);

-- Metric streams: what a detector remembers of one, and the points that it has not seen yet.
create table security.streams (
  tenant text not null,
  stream text not null check (octet_length(stream) between 1 and 320),
  -- count: events in a minute, added up; a minute without a point is 0. value: a metric's own points.
  kind text not null check (kind in ('count', 'value')),
  -- The detector's; null before its first point.
  state jsonb,
  version bigint not null default 0,
  -- Time of the last point that the detector has seen.
  last_ms bigint not null default 0,
  points bigint not null default 0,
  late bigint not null default 0,
  learning boolean not null default true,
  -- The last anomaly, as detect_anomaly tells it.
  anomaly jsonb,
  anomaly_ms bigint,
  seen_at timestamptz not null default now(),
  judged_at timestamptz,
  primary key (tenant, stream)
);

create index streams_judged on security.streams (judged_at nulls first);

create table security.points (
  tenant text not null,
  stream text not null,
  time_ms bigint not null,
  value double precision not null,
  primary key (tenant, stream, time_ms)
);

-- What a tenant has set otherwise than the rules do. The rule * is the analysis itself.
create table security.settings (
  tenant text not null,
  rule text not null,
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  -- on, quiet (found and kept, tells nobody), off; null: as the rule's maturity says.
  mode text check (mode in ('on', 'quiet', 'off')),
  changed_at timestamptz not null default now(),
  primary key (tenant, rule)
);

call bees.seal('security');
