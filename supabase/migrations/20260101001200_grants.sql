-- Who may do what. On a hosted Supabase new objects in public come with grants to anon, authenticated and
-- service_role by default privilege, so everything is taken back by name before the one grant is given.
call bees.seal('bees');
call bees.seal('bee_tasks');

-- The owner can neither change nor remove history; the triggers say the same to everybody else.
revoke update, delete, truncate on bees.ledger, bees.receipts from bees_owner;
revoke delete, truncate on bees.keys from bees_owner;

-- A new owner must be allowed to create in the schema, for this moment only.
grant create on schema public to bees_owner;
alter function public.bee_execute(jsonb) owner to bees_owner;
revoke create on schema public from bees_owner;

revoke all on function public.bee_execute(jsonb) from public, anon, authenticated, service_role, bee;
grant usage on schema public to service_role, bee;
grant execute on function public.bee_execute(jsonb) to service_role, bee;

-- PostgREST learns of a new function only when it is told.
notify pgrst, 'reload schema';
