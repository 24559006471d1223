-- The one way in: what an event says, or what was read from Stripe because of it, against what is there.

create function finance.take(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  head constant jsonb := input -> 'head';
  v_account constant text := head ->> 'account';
  v_livemode constant boolean := head -> 'livemode';
  v_event constant text := head ->> 'event';
  v_target constant text := input #>> '{target,object}';
  pieces finance.piece[];
  piece finance.piece;
  owner finance.customers;
  profile finance.user_profiles;
  followed record;
  v_users text[] := '{}';
  v_customer text;
  v_user text;
  v_state text := 'stale';
  v_must_read boolean := false;
  v_is_nowhere boolean;
  v_changed boolean := false;
  v_waits_for text;
  v_unparked bigint := 0;
  v_entitlement jsonb;
  v_result jsonb;
begin
  -- Twins (a snapshot and its thin event) may come at once; whoever is second gets what became of the first.
  perform bees.lock_subject('finance:event', v_account, v_livemode::text, v_event);
  select e.result into v_result
  from finance.events as e
  where e.account = v_account and e.livemode = v_livemode and e.id = v_event;
  if found then
    return jsonb_build_object('decision', 'done', 'outcome', v_result, 'changed', false);
  end if;

  if v_target is null then
    v_result := finance.close_event(head, call, null, 'ignored', null, 0, null);
    return jsonb_build_object('decision', 'done', 'outcome', v_result, 'changed', false);
  end if;

  -- 1. All or nothing: if a single object of the event has to be read first, so does all that it tells.
  pieces := finance.judged_pieces(v_account, v_livemode, input);
  foreach piece in array pieces loop
    v_must_read := v_must_read or piece.decision = 'read';
    if piece.object = v_target then
      v_customer := piece.customer;
    end if;
  end loop;
  if v_must_read then
    if not (input -> 'park')::boolean then
      return finance.order_reads(v_account, v_livemode, input, pieces);
    end if;
    v_result := finance.park(v_account, v_livemode, input, call, pieces, v_customer);
    return jsonb_build_object('decision', 'done', 'outcome', v_result, 'changed', false);
  end if;

  -- 2. Rows, and whom they concern.
  foreach piece in array pieces loop
    if piece.decision in ('apply', 'accept', 'same') then
      v_state := 'applied';
      if finance.write_piece(v_account, v_livemode, v_event, piece) then
        v_changed := true;
        followed := finance.follow(v_account, v_livemode, v_event, piece);
        v_users := v_users || followed.users;
        v_unparked := v_unparked + followed.unparked;
      end if;
    end if;
    if piece.kind = 'subscription' and piece.decision in ('stale', 'accept')
      and finance.remember_status(v_account, v_livemode, piece.object, piece.fact ->> 'status', piece.created_at)
    then
      v_state := 'applied';
      v_changed := true;
      v_users := v_users || finance.user_of(v_account, v_livemode, piece.customer);
    end if;
  end loop;

  -- 3. What waited for this. The pieces are as they were before; other events may have spoken of the same objects.
  foreach piece in array pieces loop
    v_is_nowhere := piece.decision = 'stale' and piece.was_read and piece.read_fact is null
      and (piece.guard).hi = '-infinity';
    if v_is_nowhere then
      -- Neither Stripe nor we have it, nor has anybody told more than its id: what had a ticket by then is contained.
      update finance.object_guards as g
      set
        read_ticket = greatest(g.read_ticket, piece.ticket),
        -- Only drafts of invoices vanish, and for ever: no older event may bring one back.
        rank = case when piece.kind = 'invoice' then finance.rank('invoice', '{"status": "deleted"}') else g.rank end
      where g.account = v_account and g.livemode = v_livemode and g.object = piece.object;
    end if;
    -- Also where nothing was written: what waits may be contained by now.
    if (piece.guard).waiting then
      v_unparked := v_unparked + finance.settle(v_account, v_livemode, piece.object, v_event);
      v_users := v_users || finance.user_of(v_account, v_livemode, piece.customer);
    end if;
  end loop;

  select c.* into owner
  from finance.customers as c
  where c.account = v_account and c.livemode = v_livemode and c.id = v_customer;

  -- 4. Entitlements, in sorted order, so that two moves between the same users cannot wait for each other.
  for v_user in
    select distinct u collate "C" as name from unnest(v_users) as u where u is not null order by name
  loop
    v_result := finance.recompute(v_account, v_livemode, v_user);
    -- Of the owner; where the customer is nobody's any more, of whom it was.
    if v_user = owner.user_id or owner.user_id is null then
      v_entitlement := v_result;
    end if;
  end loop;
  if v_entitlement is null and owner.user_id is not null and v_state <> 'stale' then
    select u.* into profile
    from finance.user_profiles as u
    where u.account = v_account and u.livemode = v_livemode and u.user_id = owner.user_id;
    v_entitlement := finance.entitlement_of(profile);
  end if;

  -- 5. The event. Without a user its facts are stored, and their consequences wait.
  if v_state = 'applied' and v_customer is not null and owner.user_id is null and owner.deleted_at is null then
    v_state := 'parked';
    v_waits_for := 'user';
  end if;
  v_result := finance.close_event(head, call, v_customer, v_state, v_waits_for, v_unparked, v_entitlement);
  return jsonb_build_object('decision', 'done', 'outcome', v_result, 'changed', v_changed);
end
$$;

create or replace function bee_tasks.finance__apply_stripe_event(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return finance.take(input, call);
end
$$;

call bees.seal('finance');
call bees.seal('bee_tasks');
