import type { Mutant } from './mutant.ts'

const lostReplies = 'test/ledger/lost-replies.test.ts'
const happyPath = 'test/fleet/happy-path.test.ts'

/** Mistakes on the way of a task: between broker, handler, ledger and receipt. */
export const pipelineMutants: readonly Mutant[] = [
  {
    name: 'empty 404 is trusted',
    why: 'a misrouted call counts as committed: the event is lost',
    edits: [
      {
        file: 'src/ledger/classify.ts',
        find: 'if (status >= 200 && status < 300 && code === undefined) return undefined',
        replace: 'if ((status < 300 || status === 404) && code === undefined) return undefined',
      },
      {
        file: 'src/ledger/reply.ts',
        find: 'const reply = parse(transactionReply, data)',
        replace: `if (data === undefined || data === null) {
    return { outcome: 'applied', ledgerId: '1', step: call.step, output: null, committedAt: new Date().toISOString() }
  }
  const reply = parse(transactionReply, data)`,
      },
    ],
    killer: { file: lostReplies, test: 'an empty 404 and nothing done', because: /expected|toEqual|toBe/i },
  },
  {
    name: 'timeout is a failure',
    why: 'what has committed while nobody listened is closed as failed',
    edits: [
      {
        file: 'src/ledger/create-ledger.ts',
        find: `    'BEE_TRANSACTION_UNKNOWN',
    stopped ?`,
        replace: `    'BEE_TRANSACTION_REFUSED',
    stopped ?`,
      },
    ],
    killer: {
      file: lostReplies,
      test: 'a body that stalls',
      because: /did not answer in time|BEE_TRANSACTION_REFUSED/,
    },
  },
  {
    name: 'no business key',
    why: 'two deliveries of one event have two effects',
    edits: [{ file: 'src/fleet/pipeline/transact.ts', find: 'key: admission.key,', replace: 'key: null,' }],
    killer: {
      file: happyPath,
      test: 'answers a second process with the same business key from the ledger',
      because: /deeply equal/,
    },
  },
  {
    name: 'every step is the first',
    why: 'the second transaction of a task is answered with the result of the first and never happens',
    edits: [
      {
        file: 'src/fleet/pipeline/transact.ts',
        find: 'const step = options.step ?? calls',
        replace: 'const step = options.step ?? 1',
      },
    ],
    killer: {
      file: happyPath,
      test: 'runs numbered steps, each with its ledger row',
      because: /toEqual|toBe|expected/,
    },
  },
  {
    name: 'close before commit',
    why: 'the broker is told that it is done while the transaction may still fail',
    edits: [
      { file: 'src/fleet/pipeline/transact.ts', find: 'await Promise.all(open)', replace: 'await Promise.resolve()' },
    ],
    killer: {
      file: happyPath,
      test: 'waits for a transaction that the handler started without waiting for it',
      because: /toBe|toEqual|expected/,
    },
  },
  {
    name: 'signed input is not compared',
    why: 'the broker changes the amount and the signature still counts',
    edits: [
      { file: 'src/trust/envelope.ts', find: 'if (claims.input !== digest) {', replace: 'if (digest === null) {' },
    ],
    killer: {
      file: 'test/fleet/admission.test.ts',
      test: "refuses 'an altered input'",
      because: /BEE_ENVELOPE_ALTERED|failed/,
    },
  },
  {
    name: 'polls while the database is down',
    why: 'takes tasks from healthy hives and lets them wait for a deadline',
    edits: [
      {
        file: 'src/fleet/poller.ts',
        find: "if (breaker === 'open' || probing) return 'database'",
        replace: "if (probing) return 'database'",
      },
    ],
    killer: {
      file: 'test/fleet/poller.test.ts',
      test: 'does not poll while the breaker is open',
      because: /expected/,
    },
  },
]
