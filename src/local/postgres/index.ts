export { freePort, isPortFree } from './free-port.ts'
export { acquireOwnerLock, type OwnerLock } from './owner-lock.ts'
export { prepareSupabase } from './prepare-supabase.ts'
export { type RunningPostgres, type StartPostgresOptions, startPostgres } from './start-postgres.ts'
