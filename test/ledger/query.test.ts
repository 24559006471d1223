import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineBee, defineTask, z } from '../../src/bee/index.ts'
import { runTask } from '../support/run-task.ts'
import { hex, type LedgerDatabase, ledgerDatabase } from './ledger-database.ts'

let ledger: LedgerDatabase
beforeAll(async () => {
  ledger = await ledgerDatabase()
  await ledger.admin.query(`
    create function bee_tasks.test__append__read(input jsonb, call jsonb) returns jsonb language sql stable as $$
      select jsonb_build_object('asked', input, 'rows', (select count(*) from fixture.effects), 'process', call -> 'process')
    $$;
    create function bee_tasks.test__write__read(input jsonb, call jsonb) returns jsonb language plpgsql as $$
    begin
      insert into fixture.effects (payload) values (input);
      return 'true';
    end $$;
    create function bee_tasks.test__unlock__read(input jsonb, call jsonb) returns jsonb language plpgsql as $$
    begin
      perform set_config('transaction_read_only', 'off', true);
      insert into fixture.effects (payload) values (input);
      return 'true';
    end $$;
    create function bee_tasks.test__raise__read(input jsonb, call jsonb) returns jsonb language plpgsql as $$
    begin
      raise exception 'canary';
    end $$;
    create function bee_tasks.test__null__read(input jsonb, call jsonb) returns jsonb language sql as 'select null::jsonb';
    call bees.seal('bee_tasks');
    call bees.seal('fixture');
  `)
})
afterAll(() => ledger.close())

const query = (task: string, over: object = {}) =>
  ledger.call({
    ...{ v: 1, op: 'query', colony: 'test-colony', process: hex(), bee: 'test', task, payload: { page: 1 } },
    ...over,
  })

describe('query', () => {
  test('answers with what the function returns and leaves no row behind', async () => {
    const [processes, rows] = [await ledger.count('bees.processes'), await ledger.count('bees.ledger')]
    const process = hex()
    expect(await query('append', { process })).toEqual({
      ...{ v: 1, outcome: 'queried', process },
      output: { asked: { page: 1 }, rows: 0, process },
    })
    expect(await query('null')).toMatchObject({ outcome: 'queried', output: null })
    expect([await ledger.count('bees.processes'), await ledger.count('bees.ledger')]).toEqual([processes, rows])
  })

  test.each(['write', 'unlock'])('a function that tries to %s changes nothing', async (task) => {
    await expect(query(task)).rejects.toMatchObject({ code: expect.stringMatching(/^25/) })
    expect(await ledger.effects()).toEqual([])
  })

  test('a task without such a function is an outcome', async () => {
    expect(await query('fail')).toMatchObject({ outcome: 'unknown_task' })
  })

  test.each([
    ['colony', { colony: '' }],
    ['process', { process: 'x' }],
    ['bee', { bee: 'test"; drop' }],
    ['task', { task: 'append__read' }],
    ['bee and task', { task: `a${'b'.repeat(60)}` }],
    ['payload', { payload: undefined }],
  ])('refuses a call with a wrong %s', async (name, over) => {
    await expect(query('append', over)).rejects.toMatchObject({
      code: '22023',
      message: expect.stringContaining(`${name}:`),
    })
  })
})

const output = z.object({ rows: z.number() })
const look = (reads: boolean) =>
  defineBee({
    name: 'test',
    description: 'Looks.',
    tasks: {
      append: defineTask({
        ...{ description: 'Looks without effect.', input: z.object({}), output, reads },
        run: async ({ read }) => output.parse(await read({})),
      }),
    },
  })

describe('read', () => {
  test('of a task that says so', async () => {
    const run = await runTask(look(true), 'append', {}, { database: ledger.database })
    expect(run).toMatchObject({ output: { rows: 0 }, transactions: [] })
  })

  test('of a task that does not is refused', async () => {
    await expect(runTask(look(false), 'append', {}, { database: ledger.database })).rejects.toMatchObject({
      code: 'BEE_HANDLER_REFUSED',
    })
  })
})
