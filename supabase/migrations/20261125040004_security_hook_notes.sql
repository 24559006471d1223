-- Signing in does not wait for whoever tidies up. Each function is as before but for what its comments say.

create or replace function security.keep_hook_note(p_hook text, p_event jsonb, p_note jsonb)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seq bigint;
  v_meta constant jsonb := p_event -> 'metadata';
  v_note jsonb;
begin
  select coalesce(jsonb_object_agg(n.key, n.value), '{}') into v_note
  from jsonb_each(
    p_note || jsonb_build_object('user_id', p_event -> 'user_id', 'ip', v_meta -> 'ip_address', 'time', v_meta -> 'time')
  ) as n
  where security.is_safe_text(n.value, 253);

  insert into security.hook_notes (hook, uid, note)
  values (
    p_hook,
    case when security.is_safe_text(v_meta -> 'uuid', 64) then v_meta ->> 'uuid' else gen_random_uuid()::text end,
    v_note
  )
  returning seq into v_seq;

  if v_seq % 4096 = 0 then
    -- A sign-in waits for nobody who tidies up.
    delete from security.hook_notes as h
    where h.ctid = any (array(
      select o.ctid
      from security.hook_notes as o
      where o.seq < v_seq - 500000
      for update skip locked
    ));
  end if;
end
$$;

create or replace function bee_tasks.security__pull_auth_events(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_recorded jsonb;
begin
  if input ->> 'op' = 'begin' then
    return '{}';
  end if;
  v_recorded := security.record_events(
    input ->> 'tenant', input -> 'events', (input -> 'retention_days')::integer
  );
  -- Two who keep the same notes let them go in one order.
  delete from security.hook_notes as h
  where h.ctid = any (array(
    select o.ctid
    from security.hook_notes as o
    where o.seq in (select s.value::bigint from jsonb_array_elements_text(input -> 'notes') as s)
    order by o.seq
    for update
  ));

  insert into security.pull_marks as m (tenant, marks)
  values (input ->> 'tenant', input -> 'marks')
  on conflict (tenant) do update set marks = excluded.marks, pulled_at = now();
  return v_recorded;
end
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
