-- Housekeeping: partitions ahead of time, days that are over, ids that no event can have any more.

-- A day's partition is dropped when all of it is older than the retention. That waits for whoever reads the table, for a
-- moment only; the next round tries again.
create function security.drop_old_partitions(p_retention_days integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_partition text;
  v_dropped integer := 0;
begin
  for v_partition in
    select c.relname
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'security.events'::regclass
      and c.relname ~ '^events_[0-9]{8}$'
      and (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'utc'
        <= now() - make_interval(days => p_retention_days)
    order by c.relname
    limit 50
  loop
    begin
      execute format('drop table security.%I', v_partition);
      v_dropped := v_dropped + 1;
    exception when lock_not_available then
      exit;
    end;
  end loop;
  return v_dropped;
end
$$;

create function bee_tasks.security__tend_events(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_days constant integer := input -> 'retention_days';
  v_most constant integer := 20000;
  v_made integer := 0;
  v_dropped integer;
  v_ids integer;
  v_addresses integer;
  v_notes integer;
  v_day date;
begin
  if v_days is null or v_days not between 1 and 400 then
    raise exception 'retention_days: received %, expected 1 to 400', v_days using errcode = '22023';
  end if;
  for v_day in
    select d::date from generate_series((now() at time zone 'utc')::date, (now() at time zone 'utc')::date + 2, '1 day') as d
  loop
    v_made := v_made + security.add_partition(v_day)::integer;
  end loop;
  v_dropped := security.drop_old_partitions(v_days);

  -- A day longer than events are taken: nothing that could come again is forgotten.
  delete from security.event_ids as i
  where (i.tenant, i.id) in (
    select o.tenant, o.id
    from security.event_ids as o
    where o.time < now() - make_interval(days => v_days + 1)
    order by o.time
    limit v_most
    for update skip locked
  );
  get diagnostics v_ids = row_count;

  delete from security.addresses as a
  where (a.tenant, a.ip) in (
    select o.tenant, o.ip
    from security.addresses as o
    where o.seen_at < now() - make_interval(days => greatest(v_days, 90))
    order by o.seen_at
    limit v_most
    for update skip locked
  );
  get diagnostics v_addresses = row_count;

  delete from security.hook_notes as h
  where h.seq in (
    select o.seq from security.hook_notes as o where o.at < now() - make_interval(days => v_days) order by o.seq limit v_most
    for update skip locked
  );
  get diagnostics v_notes = row_count;

  return jsonb_build_object(
    'made', v_made, 'dropped', v_dropped, 'ids', v_ids, 'addresses', v_addresses, 'notes', v_notes,
    'more', v_most in (v_ids, v_addresses, v_notes),
    'hook_failures', (select case when f.is_called then f.last_value + 1 else 0 end from security.hook_failures as f)
  );
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
