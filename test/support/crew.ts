import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadBees } from '../../src/bee/index.ts'
import type { Json } from '../../src/canonical.ts'
import { ColoniesClient, parsePrivateKey } from '../../src/colonies/index.ts'
import { createSubmitter, type FinalProcess } from '../../src/fleet/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { SigningKey } from '../../src/trust/index.ts'
import { adminQuery } from './database-url.ts'
import { type HiveProcess, projectDir, startHiveProcess } from './hive.ts'

/** The bees of the chaos tests. */
export const crewDir = join(projectDir, 'test', 'chaos', 'bees')

/** Their SQL: each transaction writes one row, and nothing forbids a second one, so that a double effect shows. */
const crewSql = `
  create schema chaos authorization bees_owner;
  create table chaos.effects (row bigint generated always as identity primary key, n text not null, process text not null);
  ${['worker__write', 'worker__gated', 'worker__stubborn', 'wild__block']
    .map(
      (name) => `
  create function bee_tasks.${name}(input jsonb, call jsonb) returns jsonb language sql set search_path = '' as $$
    insert into chaos.effects (n, process) values (input ->> 'n', call ->> 'process')
    returning jsonb_build_object('row', row)
  $$;`,
    )
    .join('')}
  call bees.seal('chaos');
  call bees.seal('bee_tasks');`

export interface Crew {
  /** The hive that owns the broker and the database; it runs no bee unless told to. */
  readonly queen: HiveProcess
  /** What another hive needs to work at the queen's broker and database. */
  readonly env: Readonly<Record<string, string>>
  readonly submit: (bee: string, task: string, input: { readonly [key: string]: Json }) => Promise<string>
  readonly waitFor: (processId: string, timeoutMs?: number) => Promise<FinalProcess>
  readonly rows: (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>
  /** Names of effects that are there twice. */
  readonly doubles: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

/** Starts a broker and a database for the chaos bees. @param env of the hive that owns them; without bees by default */
export async function startCrew(env: Readonly<Record<string, string>> = {}): Promise<Crew> {
  const empty = await mkdtemp(join(tmpdir(), 'colony-bees-none-'))
  const queen = await startHiveProcess({ env: { BEES_DIR: empty, ...env } })
  const told = queen.env
  const databaseUrl = told.DATABASE_URL ?? ''
  const rows: Crew['rows'] = (sql, values = []) => adminQuery(databaseUrl, sql, values)
  const close = async () => {
    await queen.close()
    await rm(empty, { recursive: true, force: true })
  }
  try {
    await rows(crewSql)
    const submitter = createSubmitter({
      client: new ColoniesClient({
        url: `http://${told.COLONIES_SERVER_HOST}:${told.COLONIES_SERVER_PORT}`,
        privateKey: parsePrivateKey(told.COLONIES_PRVKEY ?? ''),
      }),
      colony: told.COLONIES_COLONY_NAME ?? '',
      envelopeKey: new SigningKey(told.BEES_SUBMITTER_KEY ?? ''),
      bees: await loadBees(crewDir),
      clock: systemClock,
    })
    const { BEES_URL: _, ...shared } = told
    return {
      queen,
      env: { ...shared, BEES_DIR: crewDir },
      submit: async (bee, task, input) => (await submitter.submit({ bee, task, input })).processId,
      waitFor: (processId, timeoutMs = 30_000) => submitter.waitFor(processId, { timeoutMs }),
      rows,
      doubles: async () =>
        (await rows('select n from chaos.effects group by n having count(*) > 1')).map(({ n }) => String(n)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
