-- What a tenant sets otherwise than the rules do: by a person, checked before it is stored, with a reason, in the audit. And what
-- is stored and cannot be taken is shown to people: the analysis notes beside each row what it has left out.

alter table security.settings
  add column author text,
  add column reason text,
  -- [{ setting, received, expected }] as the last analysis saw it; null: none has looked since the last change.
  add column problems jsonb check (jsonb_typeof(problems) = 'array');

-- Also when somebody writes SQL: what was found wrong says nothing of what stands there now.
create function security.settings_changed()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.problems := null;
  new.changed_at := now();
  return new;
end
$$;

create trigger settings_changed
before update of settings, mode on security.settings
for each row execute function security.settings_changed();

create or replace function security.settings_of(p_tenant text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object('rule', s.rule, 'settings', s.settings, 'mode', s.mode, 'problems', s.problems) order by s.rule
    ),
    '[]'
  )
  from security.settings as s
  where s.tenant = p_tenant
$$;

-- { tenant, rules: [{ rule, settings, mode, problems }] }: what an analysis has found wrong in the settings that it read.
create function security.note_settings(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_noted integer;
begin
  update security.settings as s
  set problems = r -> 'problems'
  from jsonb_array_elements(input -> 'rules') as r
  where s.tenant = input ->> 'tenant' and s.rule = r ->> 'rule'
    -- Not if it is another one by now.
    and s.settings = r -> 'settings' and s.mode is not distinct from r ->> 'mode';
  get diagnostics v_noted = row_count;
  return jsonb_build_object('noted', v_noted);
end
$$;

-- set_rule: { tenant, rule, op: set | unset, setting, value, reason, people }. The bee has checked that the rule takes it. The
-- setting `mode` is the rule's own; unset without a setting takes back everything about the rule.
create function security.set_rule(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  person constant jsonb := security.person_of(input -> 'people', call);
  v_tenant constant text := input ->> 'tenant';
  v_rule constant text := input ->> 'rule';
  v_setting constant text := input ->> 'setting';
  v_is_mode constant boolean := v_setting is not distinct from 'mode';
  before security.settings;
  after security.settings;
  problem text;
begin
  perform security.lock_responses(v_tenant);
  select s.* into before from security.settings as s where s.tenant = v_tenant and s.rule = v_rule for update;
  after := before;
  after.settings := coalesce(before.settings, '{}');
  if person is null then
    problem := 'unknown_key';
  elsif input ->> 'op' = 'set' and v_is_mode then
    after.mode := input ->> 'value';
  elsif input ->> 'op' = 'set' then
    after.settings := after.settings || jsonb_build_object(v_setting, input -> 'value');
  elsif input ->> 'op' = 'unset' and v_setting is null then
    after.mode := null;
    after.settings := '{}';
  elsif input ->> 'op' = 'unset' and v_is_mode then
    after.mode := null;
  elsif input ->> 'op' = 'unset' then
    after.settings := after.settings - v_setting;
  else
    perform bees.refuse_call('set_rule: op: expected set or unset');
  end if;
  if octet_length(after.settings::text) > 20000 then
    problem := 'too_long';
  end if;

  if problem is null and after.mode is null and after.settings = '{}' then
    delete from security.settings as s where s.tenant = v_tenant and s.rule = v_rule;
  elsif problem is null then
    insert into security.settings as s (tenant, rule, settings, mode, author, reason)
    values (v_tenant, v_rule, after.settings, after.mode, person ->> 'name', input ->> 'reason')
    on conflict (tenant, rule) do update
    set settings = excluded.settings, mode = excluded.mode, author = excluded.author, reason = excluded.reason;
  end if;

  perform security.append_audit(v_tenant, jsonb_build_object(
    'what', 'policy', 'op', 'rule', 'who', security.caller_of(input -> 'people', call), 'why', input ->> 'reason',
    'outcome', case when problem is null then 'set' else 'refused' end, 'problem', problem,
    'subject', jsonb_build_object(
      'rule', v_rule, 'setting', v_setting, 'op', input ->> 'op', 'before', security.setting_at(before, v_setting),
      'after', security.setting_at(after, v_setting)
    ),
    'process', call ->> 'process'
  ));
  return jsonb_build_object(
    'problem', problem,
    'before', security.setting_at(before, v_setting),
    'after', security.setting_at(case when problem is null then after else before end, v_setting)
  );
end
$$;

-- What a row says of one setting; null: nothing.
create function security.setting_at(p_row security.settings, p_setting text)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_setting is null then nullif(jsonb_strip_nulls(
      jsonb_build_object('mode', p_row.mode) || coalesce(p_row.settings, '{}')
    ), '{}')
    when p_setting = 'mode' then to_jsonb(p_row.mode)
    else p_row.settings -> p_setting
  end
$$;

create function bee_tasks.security__set_rule(input jsonb, call jsonb)
returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$ select security.set_rule(input, call) $$;

create function bee_tasks.security__set_rule__read(input jsonb, call jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$ select jsonb_build_object('settings', security.settings_of(input ->> 'tenant')) $$;

-- As before, with `settings`.
create or replace function bee_tasks.security__analyze_security(input jsonb, call jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- What an analysis opens is told at once, by the same run.
  if input ->> 'op' like 'alerts%' then
    return security.alerts_step(input, call);
  end if;
  return case input ->> 'op'
    when 'begin' then security.analysis_begin(input)
    when 'commit' then security.analysis_commit(input)
    when 'settings' then security.note_settings(input)
  end;
end
$$;

-- What is set for a tenant, for people.
create function security.show_settings(p_tenant text)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'rule', s.rule, 'mode', s.mode, 'settings', s.settings, 'problems', s.problems, 'author', s.author,
        'reason', s.reason, 'changed_at', bees.rfc3339(s.changed_at)
      )
      order by s.rule
    ),
    '[]'
  )
  from security.settings as s
  where s.tenant = p_tenant
$$;

call bees.seal('security');
call bees.seal('bee_tasks');
