-- The steps of whoever sends: claim some messages, settle each of them.

-- Makes what is due for the receivers that are ready, and leases messages to the caller.
create function security.claim_deliveries(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_most constant integer := (input ->> 'most')::integer;
  v_lease constant interval := make_interval(secs => (input ->> 'lease_s')::double precision);
  v_names constant text[] := array(
    select one ->> 'name' from jsonb_array_elements(input -> 'receivers') as one where one -> 'ready' = 'true'
  );
  v_note record;
  v_claimed jsonb;
begin
  perform security.sync_routes(input -> 'receivers', v_at);

  -- One message of a notification at a time, so that no end overtakes its beginning.
  for v_note in
    select n.id
    from security.notifications as n
    where n.next_at <= v_at and n.receiver = any (v_names)
      and not exists (
        select from security.deliveries as d where d.notification = n.id and d.state in ('waiting', 'sending')
      )
    order by n.because <> 'critical', n.next_at
    limit v_most
    for update skip locked
  loop
    perform security.make_delivery(v_note.id, v_at);
  end loop;

  -- Each receiver gets its share, so that one with a long queue does not stand before the others.
  with mine as (
    select due.id
    from unnest(v_names) as one (receiver)
    cross join lateral (
      select d.id
      from security.deliveries as d
      where d.receiver = one.receiver and d.state in ('waiting', 'sending') and d.due_at <= v_at
      order by d.severity <> 'critical', d.due_at
      limit v_most
      for update skip locked
    ) as due
  ),
  claimed as (
    update security.deliveries as d
    set state = 'sending', due_at = v_at + v_lease, attempts = d.attempts + 1, fence = d.fence + 1,
      claimed_by = call ->> 'process'
    from mine
    where d.id = mine.id
    returning d.*
  )
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', c.id, 'fence', c.fence, 'attempt', c.attempts, 'receiver', c.receiver, 'kind', c.kind,
        'message', c.message, 'reference', n.reference
      )
      order by c.severity <> 'critical', c.created_at, c.id
    ),
    '[]'
  )
  into v_claimed
  from claimed as c
  left join security.notifications as n on n.id = c.notification;

  perform security.forget_alerts(v_at);
  return jsonb_build_object('deliveries', v_claimed);
end
$$;

-- Records what has become of one message.
create function security.settle_delivery(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := security.alert_time(input);
  v_outcome constant text := input ->> 'outcome';
  v_wait constant interval := make_interval(secs => coalesce((input ->> 'wait_ms')::double precision, 0) / 1000);
  v_delivery security.deliveries;
  v_state text;
begin
  select d.* into v_delivery from security.deliveries as d where d.id = input ->> 'id' for update;
  -- Somebody else has it by now. That it has been sent is true all the same.
  if not found or v_delivery.state in ('sent', 'dead')
    or (v_outcome <> 'sent' and (v_delivery.state <> 'sending' or v_delivery.fence <> (input ->> 'fence')::integer))
  then
    return jsonb_build_object('state', coalesce(v_delivery.state, 'gone'), 'changed', false);
  end if;

  v_state := case
    when v_outcome = 'sent' then 'sent'
    when v_outcome = 'dead' then 'dead'
    when v_outcome = 'retry' and v_delivery.attempts >= (input ->> 'most_attempts')::integer then 'dead'
    when v_outcome = 'retry' and v_delivery.created_at < v_at - interval '1 day' then 'dead'
    else 'waiting'
  end;

  update security.deliveries as d
  set state = v_state, due_at = case when v_state = 'waiting' then v_at + v_wait else d.due_at end,
    -- It was never tried.
    attempts = d.attempts - case when v_outcome = 'held' then 1 else 0 end,
    problem = case when v_outcome = 'held' then d.problem else input ->> 'problem' end,
    status_code = case when v_outcome = 'held' then d.status_code else (input ->> 'status')::integer end,
    settled_at = case when v_state in ('sent', 'dead') then v_at end
  where d.id = v_delivery.id;

  if v_state = 'sent' and jsonb_typeof(input -> 'reference') = 'object' then
    update security.notifications as n set reference = input -> 'reference' where n.id = v_delivery.notification;
  end if;
  return jsonb_build_object('state', v_state, 'changed', true);
end
$$;

-- What nobody asks for any more, some at a time.
create function security.forget_alerts(p_at timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Its receiver has not been here for a day.
  with stale as (
    select d.id
    from security.deliveries as d
    where d.state in ('waiting', 'sending') and d.created_at < p_at - interval '1 day' - interval '1 hour'
      and d.due_at < p_at - interval '1 hour'
    limit 100
    for update skip locked
  )
  update security.deliveries as d
  set state = 'dead', problem = 'no_receiver', settled_at = p_at
  from stale
  where d.id = stale.id;

  delete from security.deliveries as d
  where d.id in (
    select old.id from security.deliveries as old
    where old.state in ('sent', 'dead') and old.settled_at < p_at - interval '30 days'
    limit 100 for update skip locked
  );
  delete from security.notifications as n
  where n.id in (
    select old.id from security.notifications as old
    where old.state = 'resolved' and old.resolved_at < p_at - interval '30 days'
    limit 100 for update skip locked
  );
  -- Nobody has had the receiver for a week; what is still open then opens anew with its next change.
  delete from security.notifications as n
  where n.id in (
    select old.id from security.notifications as old
    where old.next_at < p_at - interval '7 days'
    limit 100 for update skip locked
  );
  delete from security.alerts as a
  where (a.tenant, a.incident) in (
    select old.tenant, old.incident from security.alerts as old
    where old.status = 'closed' and old.noted_at < p_at - interval '30 days'
      and not exists (
        select from security.notification_members as m where (m.tenant, m.incident) = (old.tenant, old.incident)
      )
    limit 100 for update skip locked
  );
end
$$;

-- For the SQL functions of every task that sends: hand on the payloads whose op begins with alerts_.
create function security.alerts_step(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  case input ->> 'op'
    -- So that every run has its first step (and uses up the nonce of its schedule) before it claims something.
    when 'alerts_begin' then return '{}';
    when 'alerts_claim' then return security.claim_deliveries(input, call);
    when 'alerts_settle' then return security.settle_delivery(input);
    else
      raise exception 'security: unknown operation: %', input ->> 'op' using errcode = '22023';
  end case;
end
$$;

create function bee_tasks.security__deliver_alerts(input jsonb, call jsonb)
returns jsonb
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select security.alerts_step(input, call)
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
