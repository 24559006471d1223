-- What a response consists of: stored plans and their actions, who decided what, what is restricted at the moment, and the
-- brakes: limits, the never-list, playbooks, circuits.

-- A plan is a document that never changes; its digest is what people approve. What becomes of it stands beside it.
create table security.plans (
  id text primary key check (id ~ '^pln_[0-9a-f]{24}$'),
  tenant text not null,
  -- What it was proposed for; the same is proposed once.
  cause text not null,
  -- Null: a person proposed it.
  incident text,
  plan jsonb not null,
  -- SHA-256 of the plan's canonical JSON (RFC 8785).
  digest text not null,
  mode text not null generated always as (plan ->> 'mode') stored,
  state text not null check (
    state in ('draft', 'proposed', 'approved', 'executing', 'done', 'failed', 'expired', 'reverted', 'refused')
  ),
  -- Why it is where it is, where that needs a word.
  note text,
  proposed_at timestamptz not null default now(),
  expires_at timestamptz not null,
  approved_until timestamptz,
  ended_at timestamptz,
  constraint plans_cause unique (tenant, cause)
);

create index plans_incident on security.plans (tenant, incident);
create index plans_waiting on security.plans (proposed_at) where state in ('proposed', 'approved', 'executing');
create index plans_newest on security.plans (tenant, proposed_at desc, id);

-- What an action does stands in its plan; here is what became of it.
create table security.plan_actions (
  plan text not null references security.plans (id),
  n integer not null check (n between 1 and 40),
  tenant text not null,
  playbook text not null,
  rung text not null,
  kind text not null,
  target text not null,
  -- pending; observed and simulated: without effect; done; refused by a brake; failed; reverted; over: its time is up.
  state text not null default 'pending' check (
    state in ('pending', 'observed', 'simulated', 'done', 'refused', 'failed', 'reverted', 'over')
  ),
  problem text,
  -- Users that it concerned: what the limits count.
  affected uuid[] not null default '{}',
  facts jsonb,
  -- Of security.response_state, for the comparison after a revert.
  before_digest text,
  after_digest text,
  -- The deleted sessions, in security_auth.revocations.
  revocation uuid,
  acted_at timestamptz,
  verified_at timestamptz,
  primary key (plan, n)
);

create index plan_actions_target on security.plan_actions (tenant, rung, target, acted_at);
create index plan_actions_recent on security.plan_actions (tenant, acted_at) where acted_at is not null;
create index plan_actions_unverified on security.plan_actions (acted_at) where state = 'done' and verified_at is null;

-- Who decided. Append-only.
create table security.approvals (
  id bigint generated always as identity primary key,
  plan text not null references security.plans (id),
  -- Of the plan that the person saw.
  digest text not null,
  decision text not null check (decision in ('approve', 'reject')),
  kid text not null,
  name text not null,
  reason text not null,
  -- The address that the person came from, where it is known: it is never blocked by this plan.
  from_ip inet,
  -- Its envelope and receipt prove who it was: see docs/response.md.
  process text not null,
  decided_at timestamptz not null default now()
);

create index approvals_plan on security.approvals (plan);

create trigger append_only
before update or delete or truncate on security.approvals
for each statement execute function bees.refuse_change();

alter table security.approvals enable always trigger append_only;

-- What is denied, challenged, throttled or locked at the moment. One row for each action and target, so that taking back one
-- plan leaves what others have set.
create table security.restrictions (
  plan text not null references security.plans (id),
  n integer not null,
  tenant text not null,
  measure text not null check (measure in ('deny', 'challenge', 'throttle', 'lock')),
  kind text not null,
  target text not null,
  -- Addresses and ranges.
  net inet,
  -- Only tokens that were issued before this moment; null: all of them.
  issued_before timestamptz,
  -- lock: how long somebody else had banned the user when we came.
  foreign_ban timestamptz,
  reason text not null,
  since timestamptz not null default now(),
  -- In a hundred years: until a person takes it back.
  until timestamptz not null,
  primary key (plan, n, measure, kind, target),
  constraint restrictions_net check ((kind in ('ip', 'net')) = (net is not null))
);

create index restrictions_target on security.restrictions (kind, target);
create index restrictions_net on security.restrictions using gist (net inet_ops) where net is not null;
create index restrictions_until on security.restrictions (until);

-- Whom no response ever touches. Tenant * is everybody.
create table security.never_list (
  id bigint generated always as identity primary key,
  tenant text not null,
  kind text not null check (kind in ('net', 'user', 'api_key')),
  net inet,
  value text,
  -- loopback, private, link_local, reserved, egress, load_balancer, cdn, webhook, identity_provider, health_check, break_glass, person
  class text not null check (class ~ '^[a-z_]{1,40}$'),
  author text not null check (author <> ''),
  reason text not null check (reason <> ''),
  added_at timestamptz not null default now(),
  expires_at timestamptz,
  constraint never_list_subject check (
    (kind = 'net' and net is not null and value is null) or (kind <> 'net' and net is null and value <> '')
  )
);

create index never_list_tenant on security.never_list (tenant);

insert into security.never_list (tenant, kind, net, class, author, reason)
select '*', 'net', builtin.net, builtin.class, 'colony-bees', 'addresses that are never a stranger''s'
from (
  values
  ('127.0.0.0/8'::inet, 'loopback'), ('::1/128', 'loopback'),
  ('10.0.0.0/8', 'private'), ('172.16.0.0/12', 'private'), ('192.168.0.0/16', 'private'), ('fc00::/7', 'private'),
  ('100.64.0.0/10', 'private'), ('169.254.0.0/16', 'link_local'), ('fe80::/10', 'link_local'),
  ('0.0.0.0/8', 'reserved'), ('224.0.0.0/3', 'reserved'), ('::/128', 'reserved'), ('ff00::/8', 'reserved'),
  ('64:ff9b::/96', 'reserved'), ('::ffff:0:0/96', 'reserved')
) as builtin (net, class);

-- How much may be done. Tenant * holds for all that have none of their own. Checked where they are read, not here: a limit
-- that cannot be believed stops every action instead of being mended silently.
create table security.limits (
  tenant text primary key,
  limits jsonb not null,
  author text not null check (author <> ''),
  reason text not null check (reason <> ''),
  set_at timestamptz not null default now()
);

insert into security.limits (tenant, limits, author, reason)
values (
  '*',
  '{
    "users_share": 0.005, "users_floor": 1, "users_per_hour": 50, "ips_per_10_min": 100, "actions_per_hour": 60,
    "widest_v4": 24, "widest_v6": 48, "shared_address_users": 5, "jwt_lifetime_s": 3600,
    "block_start_s": 900, "block_cap_s": 86400, "admin_roles": ["admin", "owner"]
  }',
  'colony-bees',
  'what it comes with'
);

-- One row for each rule that has ever asked for a response; the playbook * bounds all of a tenant.
create table security.playbooks (
  tenant text not null,
  playbook text not null,
  -- Null: observe for the first 14 days, approve afterwards.
  mode text check (mode in ('observe', 'dry_run', 'approve', 'auto')),
  -- How many different people have to approve.
  approvals integer not null default 1 check (approvals between 1 and 5),
  first_at timestamptz not null default now(),
  author text,
  reason text,
  set_at timestamptz,
  primary key (tenant, playbook)
);

-- A brake that held. While one is open, nothing of that playbook (*: nothing at all) is done.
create table security.circuits (
  id bigint generated always as identity primary key,
  tenant text not null,
  playbook text not null,
  brake text not null,
  facts jsonb not null,
  plan text not null references security.plans (id),
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  closed_by text,
  close_reason text
);

create unique index circuits_open on security.circuits (tenant, playbook) where closed_at is null;

-- Incidents of the response itself (a brake that holds, an effect that is missing), so that they can be closed again.
create table security.response_alerts (
  tenant text not null,
  what text not null,
  -- As it was told last, as bees/security/analysis/incident.ts says.
  change jsonb not null,
  noted_at timestamptz not null,
  closed_at timestamptz,
  primary key (tenant, what)
);

create index response_alerts_open on security.response_alerts (noted_at) where closed_at is null;

-- Everything that was decided, done, refused and lifted, as a chain of hashes for each tenant. Append-only.
create table security.audit (
  tenant text not null,
  seq bigint not null check (seq > 0),
  -- Hash of the entry before; null for the first.
  previous text,
  at timestamptz not null,
  entry jsonb not null,
  hash text not null,
  primary key (tenant, seq)
);

create index audit_plan on security.audit ((entry ->> 'plan'), seq);

create trigger append_only
before update or delete or truncate on security.audit
for each statement execute function bees.refuse_change();

alter table security.audit enable always trigger append_only;

call bees.seal('security');

-- As for the ledger: the owner can neither change nor remove history.
revoke update, delete, truncate on security.audit, security.approvals from bees_owner;
