-- What is decided: rows, guards, and whom they concern.

-- Whether the entitlement of the object's customer can be another one after this.
create function finance.may_entitle(p_account text, p_livemode boolean, kind text, fact jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if kind in ('subscription', 'invoice', 'checkout_session', 'dispute') then
    return true;
  end if;
  -- It may tell to which subscription a dispute belongs.
  return kind in ('charge', 'payment_intent', 'invoice_payment') and exists (
    select from finance.disputes as d
    where d.account = p_account
      and d.livemode = p_livemode
      and (
        d.charge in (fact ->> 'id', fact ->> 'charge', fact ->> 'latest_charge')
        or d.payment_intent in (fact ->> 'id', fact ->> 'payment_intent')
      )
  );
end
$$;

-- Writes what one piece has to tell, as its decision says, and moves its guard. Returns whether a row is different now.
create function finance.write_piece(
  p_account text, p_livemode boolean, p_event text, piece finance.piece
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  guard finance.object_guards := piece.guard;
  before constant finance.object_guards := piece.guard;
  v_fact jsonb := coalesce(piece.read_fact, piece.fact);
  v_at timestamptz := piece.created_at;
  v_changed boolean := false;
begin
  guard.barrier := guard.seq;
  guard.customer := piece.customer;

  if piece.customer is not null and piece.customer is distinct from before.customer then
    insert into finance.customers (account, livemode, id)
    values (p_account, p_livemode, piece.customer)
    on conflict (account, livemode, id) do nothing;
  end if;

  if piece.decision = 'same' then
    guard.lo := greatest(guard.lo, piece.created_at);
  elsif piece.decision = 'apply' then
    guard.lo := piece.created_at;
    guard.hi := piece.created_at;
  else
    v_at := piece.date;
    guard.lo := greatest(
      guard.lo, piece.date - piece.elapsed_ms * interval '1 millisecond' - interval '1 second' - finance.slack()
    );
    guard.hi := greatest(guard.hi, piece.date + interval '1 second' + finance.slack());
    guard.read_ticket := greatest(guard.read_ticket, coalesce(piece.ticket, 0));
  end if;

  if piece.was_read and piece.read_fact is null and piece.decision = 'accept' then
    -- Stripe does not have it any more.
    v_changed := finance.store_gone(p_account, p_livemode, piece.kind, piece.object, p_event, v_at);
    if v_changed then
      guard.content := null;
      guard.rank := finance.rank(piece.kind, '{"status": "deleted", "deleted": true}');
    end if;
  elsif piece.content is distinct from before.content then
    perform finance.store(
      piece.kind,
      v_fact || jsonb_build_object(
        'account', p_account, 'livemode', p_livemode, 'customer', piece.customer, 'last_event', p_event,
        'changed_at', v_at
      ),
      before.lo,
      guard.lo
    );
    guard.content := piece.content;
    guard.rank := piece.rank;
    v_changed := true;
  end if;

  insert into finance.object_guards
  values (guard.*)
  on conflict (account, livemode, object) do update
  set
    lo = excluded.lo,
    hi = excluded.hi,
    barrier = excluded.barrier,
    read_ticket = excluded.read_ticket,
    content = excluded.content,
    rank = excluded.rank,
    customer = excluded.customer;
  return v_changed;
end
$$;

create function finance.user_of(p_account text, p_livemode boolean, p_customer text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select c.user_id
    from finance.customers as c
    where c.account = p_account and c.livemode = p_livemode and c.id = p_customer
  );
end
$$;

-- After a row has changed: whose the customers are now, and the users whose entitlement may be another one.
create function finance.follow(
  p_account text, p_livemode boolean, p_event text, piece finance.piece, out users text[], out unparked bigint
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_customer text;
  moved text[];
begin
  users := '{}';
  unparked := 0;
  if piece.kind in ('checkout_session', 'customer') then
    for v_customer in
      select distinct c from unnest(array[piece.customer, (piece.guard).customer]) as c where c is not null
    loop
      moved := finance.relink(p_account, p_livemode, v_customer);
      users := users || moved;
      if exists (
        select from finance.customers as c
        where c.account = p_account and c.livemode = p_livemode and c.id = v_customer
          and (c.user_id = any (moved) or c.deleted_at is not null)
      ) then
        unparked := unparked + finance.unpark_user(p_account, p_livemode, v_customer, p_event);
      end if;
    end loop;
  end if;
  if finance.may_entitle(p_account, p_livemode, piece.kind, coalesce(piece.read_fact, piece.fact)) then
    users := users || finance.user_of(p_account, p_livemode, piece.customer);
  end if;
end
$$;

call bees.seal('finance');
