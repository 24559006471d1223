-- Whether an event is only the echo of a response of ours: refused, by somebody who was restricted at that time. Such events
-- count towards no rule; otherwise a block would go on feeding itself for as long as the blocked one knocks. What got
-- through in spite of a restriction counts like everything else.
create function security.is_blocked(p_tenant text, p_event jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := to_timestamp((p_event ->> 'time')::bigint / 1000.0);
  v_ip constant inet := (p_event ->> 'src_ip')::inet;
begin
  if (p_event ->> 'status_code' in ('401', '403', '429') or p_event ->> 'error_code' = 'user_banned') is not true then
    return false;
  end if;

  return exists (
    select from security.restrictions as r
    where r.tenant = p_tenant
      and (r.measure in ('deny', 'lock') or (r.measure = 'throttle' and p_event ->> 'status_code' = '429'))
      and v_at >= r.since and v_at < r.until
      and case r.kind
        when 'ip' then r.net >>= v_ip
        when 'net' then r.net >>= v_ip
        when 'user' then r.target = lower(p_event ->> 'user_uid')
        when 'session' then r.target = lower(p_event ->> 'session_uid')
        when 'api_key' then r.target = p_event ->> 'api_key_id'
      end
  );
end
$$;

call bees.seal('security');
