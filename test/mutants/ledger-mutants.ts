import type { Mutant } from './mutant.ts'

const execute = 'supabase/migrations/20261123060001_fence_on_replay.sql'
const executeTest = 'test/ledger/execute.test.ts'

/** Mistakes in the one SQL function that everything goes through. */
export const ledgerMutants: readonly Mutant[] = [
  {
    name: 'no fence',
    why: 'an executor that has lost its process still writes',
    edits: [
      {
        file: execute,
        find: 'if (v_retries, v_starttime) < (seen.retries, seen.starttime)',
        replace: 'if false',
      },
    ],
    killer: { file: executeTest, test: 'fence fewer retries', because: /fenced/ },
  },
  {
    name: 'fence of retries only',
    why: 'after an executor was unregistered, retries stay the same and the old assignment writes',
    edits: [
      {
        file: execute,
        find: 'if (v_retries, v_starttime) < (seen.retries, seen.starttime)',
        replace: 'if v_retries < seen.retries',
      },
    ],
    killer: { file: executeTest, test: 'fence same retries, earlier start', because: /fenced/ },
  },
  {
    name: 'fence does not move',
    why: 'the older assignment can write again after the newer one',
    edits: [
      {
        file: execute,
        find: 'set retries = v_retries, starttime = v_starttime, executor = v_executor',
        replace: 'set retries = p.retries, starttime = p.starttime, executor = p.executor',
      },
    ],
    killer: { file: executeTest, test: 'the newest assignment locks the older ones out for good', because: /fenced/ },
  },
  {
    name: 'no digest',
    why: 'other content under a known id is answered as if it had been done',
    edits: [
      {
        file: execute,
        find: '(done.bee, done.task, done.input_digest) is distinct from (v_bee, v_task, v_input_digest)',
        replace: '(done.bee, done.task) is distinct from (v_bee, v_task)',
      },
    ],
    killer: {
      file: executeTest,
      test: 'another input for a known step is a mismatch',
      because: /input_mismatch/,
    },
  },
  {
    name: 'no lock for the key',
    why: 'two deliveries of one event at once: one of them fails instead of finding the work done',
    edits: [
      {
        file: execute,
        find: "perform bees.lock_subject('key', v_colony, v_bee, v_task, v_key);",
        replace: '',
      },
    ],
    killer: {
      file: 'test/ledger/concurrency.test.ts',
      test: 'a second process with the business key waits for the one in flight',
      because: /duplicate key|23505/,
    },
  },
  {
    name: 'claim first',
    why: 'the ledger says done although the work has failed: the event is lost',
    edits: [
      {
        file: execute,
        find: `  execute format('select bee_tasks.%I($1, $2)', bees.task_function(v_bee, v_task))
  into output
  using call -> 'payload', call;`,
        replace: `  begin
    execute format('select bee_tasks.%I($1, $2)', bees.task_function(v_bee, v_task))
    into output
    using call -> 'payload', call;
  exception when others then
    output := null;
  end;`,
      },
    ],
    killer: {
      file: executeTest,
      test: 'nothing remains of a task that raises P0001',
      because: /resolved|reject|P0001/,
    },
  },
  {
    name: 'nonce not used up',
    why: 'whoever has seen an envelope submits it again as a process of their own',
    edits: [
      {
        file: execute,
        find: "if owner is distinct from v_colony || e'\\x1f' || v_process then",
        replace: 'if false then',
      },
    ],
    killer: { file: executeTest, test: 'nonce is refused in another process', because: /nonce_replayed/ },
  },
  {
    name: 'revoked is ignored',
    why: 'a cancelled process still has its effect',
    edits: [{ file: execute, find: 'if seen.revoked_at is not null then', replace: 'if false then' }],
    killer: { file: executeTest, test: 'revoke stops what is not done yet', because: /revoked/ },
  },
  {
    name: 'fence before replay',
    why: 'whoever comes late never learns that the work is done, and its process ends as failed',
    edits: [
      {
        file: execute,
        find: `    if found then
      if (done.bee`,
        replace: `    if found and (v_retries, v_starttime) < (seen.retries, seen.starttime) then
      return bees.execute_reply(call, 'fenced');
    elsif found then
      if (done.bee`,
      },
    ],
    killer: { file: executeTest, test: 'a stale fence still gets the result of what is done', because: /deeply equal/ },
  },
]
