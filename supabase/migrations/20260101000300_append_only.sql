-- History does not change: not for the owner of the tables and not for a superuser's slip. Statement triggers also
-- refuse the statement that would have touched no row, so that a wrong script fails on its first day.
create function bees.refuse_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%.% is append-only: % is refused', tg_table_schema, tg_table_name, tg_op using errcode = '55000';
end
$$;

create trigger append_only
before update or delete or truncate on bees.ledger
for each statement execute function bees.refuse_change();

create trigger append_only
before update or delete or truncate on bees.receipts
for each statement execute function bees.refuse_change();

-- Seeds and dumps often begin with session_replication_role = replica, which silences ordinary triggers; not these.
alter table bees.ledger enable always trigger append_only;
alter table bees.receipts enable always trigger append_only;

-- A key may end earlier than announced (rotation). Everything else about it stays, and it stays: a receipt is only as
-- provable as its key.
create function bees.refuse_key_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE'
    and (new.kid, new.x, new.use, new.not_before, new.published_at)
      is not distinct from (old.kid, old.x, old.use, old.not_before, old.published_at)
    and coalesce(new.not_after, 'infinity') <= coalesce(old.not_after, 'infinity')
  then
    return new;
  end if;
  raise exception 'bees.keys: only an earlier not_after is accepted, % is refused', tg_op using errcode = '55000';
end
$$;

create trigger only_shorten
before update or delete on bees.keys
for each row execute function bees.refuse_key_change();

create trigger no_truncate
before truncate on bees.keys
for each statement execute function bees.refuse_change();

alter table bees.keys enable always trigger only_shorten;
alter table bees.keys enable always trigger no_truncate;
