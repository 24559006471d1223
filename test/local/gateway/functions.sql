-- What the gateway's tests call.
create table public.effects (n int primary key, at timestamptz not null default clock_timestamp());
create table public.parents (id int primary key);
create table public.children (id int primary key, parent_id int not null references public.parents, size int check (size > 0));
create table public.deferred_children (
  parent_id int references public.parents deferrable initially deferred
);

create function public.echo(call jsonb) returns jsonb language sql as $$ select call $$;
create function public.echo_text(value text) returns text language sql as $$ select value $$;
create function public.nothing() returns void language sql as $$ select $$;
create function public.null_text() returns text language sql as $$ select null::text $$;
create function public.whole(jsonb) returns jsonb language sql as $$ select jsonb_build_object('got', $1) $$;
create function public.defaulted(a int, b int default 2) returns int language sql as $$ select a + b $$;
create function public.list(up_to int) returns setof int language sql stable as $$ select generate_series(1, up_to) $$;
create function public.one_parent() returns public.parents language sql as $$ select 7 as id $$;
create function public.pairs() returns table (a int, b text) language sql as $$ values (1, 'x'), (2, 'y') $$;
create function public.overloaded(v int) returns int language sql as $$ select v $$;
create function public.overloaded(v text) returns text language sql as $$ select v $$;

create function public.add_effect(n int) returns jsonb language sql as $$
  insert into public.effects (n) values (add_effect.n) returning jsonb_build_object('n', effects.n)
$$;
create function public.add_effect_slowly(n int, seconds float) returns jsonb language sql as $$
  insert into public.effects (n) values (add_effect_slowly.n);
  select pg_sleep(seconds);
  select jsonb_build_object('n', n)
$$;
create function public.sneaky_write(n int) returns void language plpgsql stable as $$
begin
  execute format('insert into public.effects (n) values (%s)', n);
end $$;
create function public.raise_state(state text, message text default 'raised on purpose') returns void language plpgsql as $$
begin
  raise exception using errcode = state, message = message, detail = 'the detail', hint = 'the hint';
end $$;
create function public.raise_reply() returns void language plpgsql as $$
begin
  raise sqlstate 'PGRST' using
    message = '{"code": "mine", "message": "own words", "details": "d", "hint": "h"}',
    detail = '{"status": 418, "headers": {"x-tea": "pot"}}';
end $$;
create function public.raise_reply_badly() returns void language plpgsql as $$
begin
  raise sqlstate 'PGRST' using message = 'not json';
end $$;
create function public.run(sql text) returns void language plpgsql as $$
begin
  execute sql;
end $$;

create function public.who() returns jsonb language sql as $$
  select jsonb_build_object(
    'current', current_user, 'session', session_user, 'role', auth.role(), 'uid', auth.uid(),
    'statement_timeout', current_setting('statement_timeout'), 'lock_timeout', current_setting('lock_timeout'),
    'isolation', current_setting('transaction_isolation'), 'read_only', current_setting('transaction_read_only'),
    'path', current_setting('request.path', true), 'method', current_setting('request.method', true)
  )
$$;
create function public.who_stable() returns jsonb language sql stable as $$ select public.who() $$;
create function public.who_hoisted() returns jsonb language plpgsql set statement_timeout = '1234ms' as $$
begin
  return public.who();
end $$;
create function public.who_serializable() returns jsonb language plpgsql
set default_transaction_isolation = 'serializable' as $$
begin
  return public.who();
end $$;

create function public.sleep(seconds float) returns void language sql as $$ select pg_sleep(seconds) $$;
create function public.sleep_hoisted(seconds float) returns void language plpgsql set statement_timeout = '150ms' as $$
begin
  perform pg_sleep(seconds);
end $$;
create function public.wait_for_lock() returns void language plpgsql set lock_timeout = '100ms' as $$
begin
  lock table public.parents in access exclusive mode;
end $$;
-- Two callers get past this only when both are inside at the same time.
create function public.meet() returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(77);
  for i in 1..500 loop
    if (select count(*) from pg_locks where locktype = 'advisory' and objid = 77 and granted) >= 2 then
      -- Stay until the other one had time to look, too.
      perform pg_sleep(0.2);
      return true;
    end if;
    perform pg_sleep(0.01);
  end loop;
  return false;
end $$;

create function public.secret_work() returns text language sql as $$ select 'done' $$;
revoke execute on function public.secret_work() from public, anon, authenticated;
create function public.escape_attempt() returns text language plpgsql as $$
begin
  reset role;
  return current_user;
end $$;
