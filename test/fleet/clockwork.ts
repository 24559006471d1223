import { type Bee, defineBee, defineTask, z } from '../../src/bee/index.ts'
import { ColoniesClient, createHttpTransport } from '../../src/colonies/index.ts'
import { createSchedules, type Schedules, type SchedulesOptions } from '../../src/fleet/index.ts'
import { systemClock } from '../../src/resilience/index.ts'
import { createLog, noMetrics } from '../../src/telemetry/index.ts'
import { colony, type Surroundings } from './test-fleet.ts'

interface Changes {
  readonly everyS?: number
  readonly note?: string
  /** @default true */
  readonly scheduled?: boolean
  readonly deadlineMs?: number
  readonly more?: z.ZodRawShape
}

/** A bee whose task `tick` runs by itself and writes one row a run; `tock` runs when it is asked to. */
export function clockwork({
  everyS = 86_400,
  note = 'tick',
  scheduled = true,
  deadlineMs,
  more = {},
}: Changes = {}): Bee {
  const task = {
    description: 'Writes one row.',
    input: z.object({ note: z.string(), ...more }),
    output: z.object({ row: z.number() }),
    deadlineMs: deadlineMs ?? 20_000,
    run: async ({ transact }: { transact: () => Promise<{ output: unknown }> }) => ({
      row: ((await transact()).output as { row: number }).row,
    }),
  }
  return defineBee({
    name: 'clockwork',
    description: 'Runs by itself.',
    tasks: {
      tick: defineTask(scheduled ? { ...task, schedule: { everyS, input: { note } } } : task),
      tock: defineTask(task),
    },
  })
}

/** Its SQL. */
export const clockworkSql = ['tick', 'tock']
  .map(
    (name) => `
  create function bee_tasks.clockwork__${name}(input jsonb, call jsonb) returns jsonb language plpgsql as $$
  declare id bigint;
  begin
    insert into fixture.effects (task, payload) values ('${name}', input) returning effects.id into id;
    return jsonb_build_object('row', id);
  end $$;`,
  )
  .join('')

export interface TestSchedules extends Schedules {
  readonly lines: string[]
  /** By bee/task: what the metric was last set to. */
  readonly kept: Map<string, boolean>
}

/** What a hive with these bees does for their schedules; every part can be replaced. */
export function testSchedules(around: Surroundings, bee: Bee, changes: Partial<SchedulesOptions> = {}): TestSchedules {
  const lines: string[] = []
  const kept = new Map<string, boolean>()
  const schedules = createSchedules({
    client: around.client,
    colony,
    envelopeKey: around.envelopeKey,
    trustedKeys: [around.envelopeKey.trusted()],
    bees: [bee],
    clock: systemClock,
    log: createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } }),
    metrics: { ...noMetrics, schedule: (name, task, is) => void kept.set(`${name}/${task}`, is) },
    ...changes,
  })
  return { ...schedules, lines, kept }
}

/** A client of its own, with another key or to another place. */
export const clientOf = (url: string, privateKey: Uint8Array): ColoniesClient =>
  new ColoniesClient({ transport: createHttpTransport({ url: `${url}/api` }), privateKey })

/** A clock that is ahead. */
export const ahead = (ms: number) => ({ ...systemClock, now: () => Date.now() + ms })
