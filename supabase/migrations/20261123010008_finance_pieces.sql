-- What a call has to tell, object by object, and what each may do.

drop function finance.apply_fact(jsonb, jsonb);
drop function finance.is_settled(text, boolean, text, jsonb);

-- What a call has to tell of one object, and its guard.
create type finance.piece as (
  kind text,
  object text,
  customer text,
  -- What the event says, and when it was created; null for thin events.
  fact jsonb,
  created_at timestamptz,
  -- The fact alone must not be believed.
  must_read boolean,
  -- The event is about it (a read may bring others along).
  is_own boolean,
  -- What Stripe showed: null unless it was read and found.
  read_fact jsonb,
  was_read boolean,
  ticket bigint,
  date timestamptz,
  elapsed_ms numeric,
  guard finance.object_guards,
  rank smallint,
  content bytea,
  decision text
);

alter type finance.piece owner to bees_owner;
revoke all on type finance.piece from public;

-- All objects that a call speaks of, in the order in which they are locked. A question (a synthetic event) speaks for the
-- events as well that are parked because of its object.
create function finance.pieces(input jsonb)
returns finance.piece[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  head constant jsonb := input -> 'head';
  target constant jsonb := input -> 'target';
  v_created_at constant timestamptz := head ->> 'created_at';
  pieces finance.piece[];
begin
  with own as (
    select
      t ->> 'kind' as kind, t #>> '{fact,id}' as object, t ->> 'customer' as customer, t -> 'fact' as fact,
      v_created_at as created_at, (t ->> 'must_read')::boolean as must_read, 1 as place
    from jsonb_array_elements(input -> 'facts') as t
    union all
    select target ->> 'kind', target ->> 'object', null, null, v_created_at, false, 3
    union all
    select
      t ->> 'kind', t #>> '{fact,id}', t ->> 'customer', t -> 'fact', e.created_at, true, 2
    from finance.events as e, jsonb_array_elements(e.facts) as t
    where head ->> 'form' = 'synthetic'
      and e.account = head ->> 'account'
      and e.livemode = (head -> 'livemode')::boolean
      and e.waits_for = 'stripe'
      and e.objects @> array[target ->> 'object']
  ),
  -- Of several the most final and the latest: only where Stripe does not know the object it is written.
  owns as (
    select distinct on (object) own.*
    from own
    order by object, place, finance.rank(kind, fact) desc nulls last, created_at desc
  ),
  read as (
    select distinct on (object) shown.*
    from (
      select
        t ->> 'kind' as kind, t #>> '{fact,id}' as object, t ->> 'customer' as customer, t -> 'fact' as fact,
        r, t #>> '{fact,id}' = r ->> 'object' as is_asked
      from jsonb_array_elements(input -> 'reads') as r, jsonb_array_elements(r -> 'facts') as t
      union all
      select r ->> 'kind', r ->> 'object', null, null, r, true
      from jsonb_array_elements(input -> 'reads') as r
      where not (r -> 'found')::boolean
    ) as shown
    order by object, is_asked desc, r #>> array['tickets', object] is null
  )
  select array_agg(
    row(
      coalesce(owns.kind, read.kind), object, coalesce(read.customer, owns.customer), owns.fact,
      coalesce(owns.created_at, v_created_at), coalesce(owns.must_read, false), owns.object is not null, read.fact,
      read.object is not null, (read.r #>> array['tickets', object])::bigint, (read.r ->> 'date')::timestamptz,
      (read.r ->> 'elapsed_ms')::numeric, null, null, null, null
    )::finance.piece
    order by object collate "C"
  )
  into pieces
  from owns
  full join read using (object);
  return pieces;
end
$$;

-- The same for the usual call: one event that speaks of one object.
create function finance.single_piece(input jsonb)
returns finance.piece[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  told constant jsonb := input #> '{facts,0}';
  piece finance.piece;
begin
  piece.kind := told ->> 'kind';
  piece.object := told #>> '{fact,id}';
  piece.customer := told ->> 'customer';
  piece.fact := told -> 'fact';
  piece.created_at := input #>> '{head,created_at}';
  piece.must_read := told -> 'must_read';
  piece.is_own := true;
  piece.was_read := false;
  return array[piece];
end
$$;

-- Disputes belong to customers by way of charges, payment intents and invoices, any of which may come after them. So that
-- of two that come at once one sees the other, a dispute is alone in its account among all that can connect it.
create function finance.lock_pieces(p_account text, p_livemode boolean, pieces finance.piece[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  piece finance.piece;
  v_mode "char" := ' ';
begin
  foreach piece in array pieces loop
    if piece.kind = 'dispute' then
      v_mode := 'x';
    elsif v_mode <> 'x' and piece.kind in ('charge', 'payment_intent', 'invoice', 'invoice_payment') then
      v_mode := 's';
    end if;
  end loop;
  if v_mode = 'x' then
    perform pg_advisory_xact_lock(hashtextextended(format('finance:disputes:%s:%s', p_account, p_livemode), 0));
  elsif v_mode = 's' then
    perform pg_advisory_xact_lock_shared(hashtextextended(format('finance:disputes:%s:%s', p_account, p_livemode), 0));
  end if;

  foreach piece in array pieces loop
    perform bees.lock_subject('finance:object', p_account, p_livemode::text, piece.object);
  end loop;
end
$$;

-- Whose object it is that does not say so itself.
create function finance.customer_of(p_account text, p_livemode boolean, fact jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_customer text;
begin
  select g.customer into v_customer
  from finance.object_guards as g
  where g.account = p_account and g.livemode = p_livemode and g.customer is not null
    and g.object in (fact ->> 'charge', fact ->> 'payment_intent', fact ->> 'invoice')
  order by g.object
  limit 1;

  if not found and fact ->> 'payment_intent' is not null then
    select i.customer into v_customer
    from finance.payment_ways as w
    join finance.invoices as i on i.account = w.account and i.livemode = w.livemode and i.id = w.payment
    where w.account = p_account and w.livemode = p_livemode and w.payment_intent = fact ->> 'payment_intent'
    limit 1;
  end if;
  return v_customer;
end
$$;

-- What a piece may do. `left` is for what came along with a read and has a guard: its own events tell of it.
create function finance.judged(piece finance.piece)
returns finance.piece
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  is_known constant boolean := (piece.guard).hi > '-infinity';
begin
  if piece.was_read and (piece.ticket is not null or not is_known) then
    piece.rank := finance.rank(piece.kind, piece.read_fact);
    piece.content := finance.content(piece.read_fact);
    piece.decision := case
      when piece.ticket is null then 'accept'
      else finance.judge(
        piece.guard, piece.rank, piece.content, piece.created_at, piece.must_read, piece.ticket
      )
    end;
    if piece.decision = 'accept' and piece.read_fact is null and not is_known then
      -- Neither Stripe nor we have it: what the event says is all that there will ever be.
      piece.decision := case when piece.fact is null then 'stale' else 'apply' end;
      piece.rank := finance.rank(piece.kind, piece.fact);
      piece.content := finance.content(piece.fact);
    end if;
  elsif not piece.is_own then
    piece.decision := 'left';
  else
    piece.was_read := false;
    piece.read_fact := null;
    piece.rank := finance.rank(piece.kind, piece.fact);
    piece.content := finance.content(piece.fact);
    piece.decision := finance.judge(
      piece.guard, piece.rank, piece.content, piece.created_at, piece.must_read, null
    );
  end if;
  return piece;
end
$$;

-- Locks the objects, then (they tell whose they are) the customers, and judges each. Always in this order: event, objects,
-- customers, then the rows of profiles, last that of the rate; so no two calls can wait for each other.
create function finance.judged_pieces(p_account text, p_livemode boolean, input jsonb)
returns finance.piece[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  pieces finance.piece[];
  piece finance.piece;
  customers text[] := '{}';
  v_customer text;
begin
  pieces := case
    when jsonb_array_length(input -> 'facts') = 1 and input -> 'reads' = '[]' then finance.single_piece(input)
    else finance.pieces(input)
  end;
  perform finance.lock_pieces(p_account, p_livemode, pieces);

  for i in 1 .. cardinality(pieces) loop
    piece := pieces[i];
    select g into piece.guard
    from finance.object_guards as g
    where g.account = p_account and g.livemode = p_livemode and g.object = piece.object;
    if not found then
      piece.guard := row(
        p_account, p_livemode, piece.object, '-infinity', '-infinity', 0, 0, 0, null, null, false, null
      )::finance.object_guards;
    end if;
    piece.customer := coalesce(
      piece.customer,
      (piece.guard).customer,
      finance.customer_of(p_account, p_livemode, coalesce(piece.read_fact, piece.fact))
    );
    if piece.customer is not null and piece.customer <> all (customers) then
      customers := customers || piece.customer;
    end if;
    pieces[i] := finance.judged(piece);
  end loop;

  for v_customer in select c from unnest(customers) as c order by c collate "C" loop
    perform bees.lock_subject('finance', p_account, p_livemode::text, v_customer);
  end loop;
  return pieces;
end
$$;

call bees.seal('finance');
