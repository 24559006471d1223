-- What the alerts remember: who is to be told of what (routes), who need not be for a while (silences), what is known of each
-- incident (alerts), what has been said to whom about it (notifications and their members), and the messages on their way
-- (deliveries). Nothing here is a secret: a receiver is a name; its address and its keys are in the environment of the hive.

-- The tenant * is for all tenants that have no route of their own.
create table security.routes (
  tenant text not null check (tenant ~ '^(\*|[a-z0-9][a-z0-9._-]{0,63})$'),
  name text not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  receiver text not null check (receiver ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  kind text not null check (kind in ('webhook', 'slack', 'pagerduty', 'email')),
  min_severity text not null check (min_severity in ('info', 'low', 'medium', 'high', 'critical')),
  -- Null: every rule.
  rules text[],
  -- One message for what belongs together: about one entity, by one rule, or everything of the route (a digest). What is
  -- critical does not wait for a digest, it gets a message of its own.
  group_by text not null check (group_by in ('entity', 'rule', 'all')),
  group_wait interval not null check (group_wait between interval '0' and interval '1 day'),
  group_interval interval not null check (group_interval between interval '0' and interval '7 days'),
  repeat_interval interval not null check (repeat_interval between interval '1 minute' and interval '31 days'),
  -- Made by a hive from its own receivers; it stops to count when no hive has had the receiver for a day.
  from_environment boolean not null default false,
  seen_at timestamptz not null default now(),
  -- Key id of whoever set it; null: a hive.
  author text,
  primary key (tenant, name)
);

create table security.silences (
  id text primary key default 'sil_' || left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 24),
  tenant text not null,
  author text not null,
  reason text not null check (char_length(reason) between 3 and 500),
  -- Each of them that is not null must fit; at least one narrows it down to less than everything.
  rule text,
  entity_kind text,
  entity_id text,
  incident text,
  -- What is worse is told all the same.
  max_severity text not null check (max_severity in ('info', 'low', 'medium', 'high', 'critical')),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- Ended before its time, and by whom.
  ended_by text,
  check (ends_at > starts_at and ends_at <= starts_at + interval '31 days'),
  check (coalesce(rule, entity_id, incident) is not null),
  check ((entity_kind is null) = (entity_id is null))
);

create index silences_active on security.silences (tenant, ends_at);

-- Each incident as it was last told to us.
create table security.alerts (
  tenant text not null,
  incident text not null,
  status text not null check (status in ('open', 'closed')),
  severity text not null check (severity in ('info', 'low', 'medium', 'high', 'critical')),
  quiet boolean not null,
  -- The change that came last, shortened to what a message needs.
  body jsonb not null,
  noted_at timestamptz not null,
  acked_at timestamptz,
  acked_by text,
  primary key (tenant, incident)
);

create index alerts_noted on security.alerts (status, noted_at);

-- What one receiver is being told about one group of incidents, from the first message to the one that says it is over.
create table security.notifications (
  id text primary key default 'ntf_' || left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 24),
  tenant text not null,
  -- Its route is that of the tenant, or *.
  route_tenant text not null,
  route text not null,
  receiver text not null,
  kind text not null,
  group_by text not null,
  group_key text not null,
  state text not null default 'open' check (state in ('open', 'resolved')),
  opened_at timestamptz not null,
  -- Messages so far, and when the last one was made.
  messages integer not null default 0,
  told_at timestamptz,
  -- Rank of the worst that has been told.
  told_rank integer not null default -1,
  -- When the next message is due (null: never, as things are), and why.
  next_at timestamptz,
  because text not null,
  -- What the receiver calls it (a Slack message), so that the next one changes it instead of adding to it.
  reference jsonb,
  resolved_at timestamptz
);

create unique index notifications_open on security.notifications (tenant, route_tenant, route, group_by, group_key)
where state = 'open';
create index notifications_due on security.notifications (next_at) where next_at is not null;
create index notifications_old on security.notifications (resolved_at) where state = 'resolved';

create table security.notification_members (
  notification text not null references security.notifications on delete cascade,
  tenant text not null,
  incident text not null,
  -- What the receiver has been told of it: null nothing, -1 that it is over, else the rank of its severity.
  told_rank integer,
  told_ack boolean not null default false,
  added_at timestamptz not null,
  primary key (notification, incident)
);

create index notification_members_incident on security.notification_members (tenant, incident);

-- Messages, each with the content that it was made with: a repeat says the same under the same id.
create table security.deliveries (
  id text primary key,
  notification text not null,
  tenant text not null,
  receiver text not null,
  kind text not null,
  event text not null check (event in ('trigger', 'update', 'repeat', 'acknowledge', 'resolve')),
  severity text not null,
  message jsonb not null,
  created_at timestamptz not null,
  state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'dead')),
  -- waiting: when it may be tried. sending: when the lease of whoever is at it ends.
  due_at timestamptz not null,
  attempts integer not null default 0,
  -- Grows with each claim: who was overtaken cannot record anything but that it has been sent.
  fence integer not null default 0,
  claimed_by text,
  -- In our words; never a text of the other side.
  problem text check (problem ~ '^[a-z_]{1,40}$'),
  status_code integer,
  settled_at timestamptz
);

create index deliveries_due on security.deliveries (receiver, due_at) where state in ('waiting', 'sending');
create index deliveries_unfinished on security.deliveries (notification) where state in ('waiting', 'sending');
create index deliveries_settled on security.deliveries (settled_at) where state in ('sent', 'dead');
create index deliveries_tenant on security.deliveries (tenant, created_at);

call bees.seal('security');
