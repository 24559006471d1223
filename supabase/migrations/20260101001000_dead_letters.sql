-- dead_letter: puts an event that can never be processed aside. The same event again is accepted and changes nothing;
-- other bytes under the same id are kept beside the first.
create function bees.op_dead_letter(call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  problem text;
begin
  problem := case
    when bees.is_text(call -> 'source', '^[a-z][a-z0-9_.:/-]{0,99}$') is not true then 'source: expected a name'
    when bees.is_string(call -> 'id', 255) is not true then 'id: expected 1 to 255 characters'
    when bees.is_text(call -> 'code', '^BEE_[A-Z_]{1,60}$') is not true then 'code: expected an error code'
    when bees.is_digest(call -> 'payload_digest') is not true then 'payload_digest: expected 64 hex digits'
    when not (call ? 'payload') then 'payload: expected a JSON value'
  end;
  if problem is not null then
    perform bees.refuse_call(problem);
  end if;

  insert into bees.dead_letters (source, id, payload_digest, code, payload)
  values (call ->> 'source', call ->> 'id', call ->> 'payload_digest', call ->> 'code', call -> 'payload')
  on conflict (source, id, payload_digest) do nothing;

  return jsonb_build_object('v', 1, 'outcome', 'stored', 'source', call ->> 'source', 'id', call ->> 'id');
end
$$;
