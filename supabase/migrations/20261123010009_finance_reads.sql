-- What cannot be decided: objects to be read, and events that wait until that is possible.

-- Gives each object of the event a ticket, so that whatever is read from now on contains it. Returns object to ticket.
create function finance.give_tickets(p_account text, p_livemode boolean, pieces finance.piece[], p_waiting boolean)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  piece finance.piece;
  v_ticket bigint;
  tickets jsonb := '{}';
begin
  foreach piece in array pieces loop
    if piece.is_own then
      insert into finance.object_guards as g (account, livemode, object, seq, waiting)
      values (p_account, p_livemode, piece.object, 1, p_waiting)
      on conflict (account, livemode, object) do update
      set seq = g.seq + 1, waiting = g.waiting or p_waiting
      returning g.seq into v_ticket;
      tickets := tickets || jsonb_build_object(piece.object, v_ticket);
    end if;
  end loop;
  return tickets;
end
$$;

-- What to read: the event's object, and by themselves those that its reading did not show.
create function finance.order_reads(p_account text, p_livemode boolean, input jsonb, pieces finance.piece[])
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target constant text := input #>> '{target,object}';
  tickets constant jsonb := finance.give_tickets(p_account, p_livemode, pieces, false);
  piece finance.piece;
  orders jsonb;
begin
  orders := jsonb_build_array(
    input -> 'target' || jsonb_build_object('tickets', tickets, 'wait_ms', finance.wait_for_read(p_account, p_livemode))
  );
  if input -> 'reads' <> '[]' then
    foreach piece in array pieces loop
      if piece.decision = 'read' and piece.object <> v_target and (not piece.was_read or piece.object = any (
        array(select r ->> 'object' from jsonb_array_elements(input -> 'reads') as r)
      )) then
        orders := orders || jsonb_build_object(
          'kind', piece.kind,
          'object', piece.object,
          'tickets', jsonb_build_object(piece.object, tickets -> piece.object),
          'wait_ms', finance.wait_for_read(p_account, p_livemode)
        );
      end if;
    end loop;
  end if;
  return jsonb_build_object('decision', 'read', 'reads', orders);
end
$$;

-- What became of the event, and the row that remembers it.
create function finance.close_event(
  head jsonb, call jsonb, p_customer text, p_state text, p_waits_for text, p_unparked bigint, p_entitlement jsonb
)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_result constant jsonb := jsonb_build_object(
    'event', head -> 'event', 'state', p_state, 'waits_for', p_waits_for, 'unparked', p_unparked,
    'entitlement', p_entitlement
  );
begin
  insert into finance.events (
    account, livemode, id, type, state, waits_for, customer, created_at, api_version, form, payload_digest, process,
    result, settled_at
  )
  values (
    head ->> 'account', (head -> 'livemode')::boolean, head ->> 'event', head ->> 'type', p_state, p_waits_for,
    p_customer, (head ->> 'created_at')::timestamptz, head ->> 'api_version', head ->> 'form',
    call ->> 'input_digest', call ->> 'process', v_result, case when p_waits_for is null then now() end
  );
  return v_result;
end
$$;

-- Parks the event until Stripe can be read: nothing of it is applied. What is read after this contains it.
create function finance.park(
  p_account text, p_livemode boolean, input jsonb, call jsonb, pieces finance.piece[], p_customer text
)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target constant text := input #>> '{target,object}';
  tickets constant jsonb := finance.give_tickets(p_account, p_livemode, pieces, true);
  v_result constant jsonb := finance.close_event(input -> 'head', call, p_customer, 'parked', 'stripe', 0, null);
begin
  update finance.events as e
  set
    object = v_target,
    objects = array(select jsonb_object_keys(tickets)),
    ticket = (tickets ->> v_target)::bigint,
    facts = (
      select coalesce(
        jsonb_agg(t || jsonb_build_object('ticket', tickets -> (t #>> '{fact,id}')) order by n), '[]'
      )
      from jsonb_array_elements(input -> 'facts') with ordinality as told (t, n)
    )
  where e.account = p_account and e.livemode = p_livemode and e.id = input #>> '{head,event}';
  return v_result;
end
$$;

call bees.seal('finance');
