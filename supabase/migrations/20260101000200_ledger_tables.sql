-- The tables of the ledger. Nothing in them is ever claimed before the work: either a ledger row exists with its
-- output, or nothing happened.

-- Which assignment of a process is the newest that we have seen, and whether the process may still do anything.
create table bees.processes (
  colony text not null,
  process text not null,
  -- The fence. -1 and -infinity stand for a process that was revoked before it ever called.
  retries integer not null,
  starttime timestamptz not null,
  executor text not null,
  revoked_at timestamptz,
  revoke_reason text,
  first_seen timestamptz not null default now(),
  primary key (colony, process)
);

-- What was done, once for each step of a process. Append-only.
create table bees.ledger (
  id bigint generated always as identity primary key,
  colony text not null,
  process text not null,
  step integer not null,
  bee text not null,
  task text not null,
  key text,
  input_digest text not null,
  schema_hash text not null,
  executor text not null,
  retries integer not null,
  starttime timestamptz not null,
  output jsonb not null,
  committed_at timestamptz not null default clock_timestamp(),
  constraint ledger_process_step unique (colony, process, step)
);

-- Two processes with one business key have one effect. An advisory lock makes the second wait; this is the backstop.
create unique index ledger_business_key on bees.ledger (colony, bee, task, key, step)
where key is not null;

-- Envelopes that have been used, until they would be refused as expired anyway.
create table bees.nonces (
  kid text not null,
  nonce text not null,
  colony text not null,
  process text not null,
  expires_at timestamptz not null,
  primary key (kid, nonce)
);

create index nonces_expires_at on bees.nonces (expires_at);

-- Signed receipts, one chain for each executor. Append-only.
create table bees.receipts (
  digest text primary key,
  colony text not null,
  process text not null,
  executor text not null,
  seq bigint not null,
  previous text,
  kid text not null,
  outcome text not null,
  ledger_ids bigint[] not null,
  jws text not null,
  stored_at timestamptz not null default clock_timestamp(),
  constraint receipts_chain unique (colony, executor, seq)
);

create index receipts_process on bees.receipts (colony, process);

-- Public keys and when they are valid. Only the end of a key's validity can change, and only to an earlier time.
create table bees.keys (
  kid text primary key,
  x text not null,
  use text not null,
  not_before timestamptz not null,
  not_after timestamptz,
  published_at timestamptz not null default now()
);

-- Events that can never be processed, kept for a person.
create table bees.dead_letters (
  source text not null,
  id text not null,
  payload_digest text not null,
  code text not null,
  payload jsonb not null,
  stored_at timestamptz not null default now(),
  primary key (source, id, payload_digest)
);
