import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Bee } from '../../src/bee/index.ts'
import type { StepName } from '../../src/fleet/index.ts'
import { createLedger } from '../../src/ledger/index.ts'
import type { Fault as BrokerFault } from '../../src/local/colonies/faults.ts'
import type { FaultInput } from '../../src/local/gateway/faults.ts'
import { verifyReceipt } from '../../src/trust/index.ts'
import { gate, seen, worker } from '../fleet/bees.ts'
import { quick, type TestFleet, type TestFleetOptions } from '../fleet/test-fleet.ts'
import { useSurroundings } from '../fleet/use-hive.ts'
import { until } from '../support/index.ts'

const { around, startHive } = useSurroundings('all')
let hive: TestFleet
/** The same tasks with short waits between tries; the real ones begin with up to a second. */
const hasty: Bee = Object.freeze({
  ...worker,
  tasks: new Map(
    [...worker.tasks].map(([name, task]) => [
      name,
      { ...task, retry: { tries: 3, baseMs: 20, factor: 2, capMs: 100 } },
    ]),
  ),
})
/** What to do when a process with that note has passed that step. */
const onStep = new Map<string, () => void>()
const table: string[] = []

beforeAll(async () => {
  const options: TestFleetOptions = {
    ledger: createLedger({
      url: around().gateway.url,
      key: around().gateway.keys.bee,
      retry: { tries: 4, baseMs: 20, factor: 2, capMs: 100 },
      // A stalled body is given up after this; the real number is 4 s.
      tryTimeoutMs: 600,
      breaker: { failures: 50 },
    }),
    tuning: { ...quick, poller: { ...quick.poller, pollTimeoutS: 1 } },
    onStep: (step, record) => {
      const { note } = record.assignment.kwargs['input'] as { note?: string }
      const name = `${step} ${note}`
      onStep.get(name)?.()
      onStep.delete(name)
    },
  }
  hive = await startHive(options, [hasty])
})

afterEach(() => {
  around().gateway.faults.clear()
  around().broker().faults.clear()
  onStep.clear()
})

afterAll(() => {
  console.info(`fault, where, effects, ledger rows, state, outcome in the receipt, ms\n${table.join('\n')}`)
})

const rowsOf = async (sql: string, value: string) => (await around().admin.query(sql, [value])).rows

/** Runs one process and holds it to the promise: one effect, one row, closed with the right result, a valid receipt. */
async function onceAndRight(
  name: string,
  where: string,
  run: () => Promise<string>,
  { result = 'row' }: { readonly result?: 'row' | 'nothing' } = {},
): Promise<void> {
  const beganMs = performance.now()
  const processId = await run()
  const done = await around().submitter.waitFor(processId, { timeoutMs: 25_000 })
  const effects = await rowsOf(`select id::int from fixture.effects where payload ->> 'note' = $1`, name)
  const ledger = await rowsOf(
    `select process, output from bees.ledger where process in (
       select processid from colonies.processes where kwargs::jsonb #>> '{input,note}' = $1)`,
    name,
  )
  const verdict = verifyReceipt(done.receipt ?? '', [around().receiptKey.trusted()], { process: processId })
  const outcome = verdict.ok ? verdict.claims.outcome : verdict.findings.map(({ code }) => code).join(' ')
  const facts = [effects.length, ledger.length, done.state, outcome, Math.round(performance.now() - beganMs)]
  table.push(`${name.padEnd(44)} ${where.padEnd(14)} ${facts.join('  ')}`)
  expect({ errors: done.errors, state: done.state }).toEqual({ errors: [], state: 'success' })
  expect(effects).toHaveLength(1)
  expect(ledger).toEqual([{ process: processId, output: { row: effects[0]?.id } }])
  expect(done.result).toEqual(result === 'row' ? { row: effects[0]?.id } : {})
  expect(verdict).toMatchObject({ ok: true, claims: { process: processId, error: null } })
}

const submit = async (note: string, task = 'append', deadlineMs?: number) =>
  (await around().submitter.submit({ bee: 'worker', task, input: { note }, deadlineMs })).processId

const lostWays: readonly FaultInput[] = [
  { kind: 'drop_reply_after_commit' },
  { kind: 'reset_before_commit' },
  { kind: 'stall_body' },
  { kind: 'delay_after_commit', delayMs: 900 },
  { kind: 'delay_before_commit', delayMs: 900 },
  ...(['empty_404', 'array_404', 'html_502', 'unavailable_503', 'not_json_200'] as const).flatMap((kind) => [
    { kind, commits: true },
    { kind, commits: false },
  ]),
]
const nameOf = ({ kind, commits }: FaultInput) =>
  commits === undefined ? kind : `${kind} ${commits ? 'after' : 'without'} the commit`

describe('the database: an answer is lost', () => {
  const places = [
    ['transaction', 'admit'],
    ['receipt', 'sign'],
  ] as const satisfies readonly (readonly [string, StepName])[]

  it.each(places.flatMap(([where, step]) => lostWays.map((fault) => [nameOf(fault), where, step, fault] as const)))(
    '%s, at the %s',
    async (kind, where, step, fault) => {
      const name = `${kind} (${where})`
      const struckBefore = around().gateway.faults.struck()
      await onceAndRight(name, where, async () => {
        onStep.set(`${step} ${name}`, () =>
          around().gateway.faults.add({ ...fault, function: 'bee_execute', retryAfterSeconds: 0 }),
        )
        return submit(name)
      })
      expect(around().gateway.faults.struck() - struckBefore).toBe(1)
    },
  )

  it('unavailable_503 with Retry-After: the wait is what the server asked for', async () => {
    const name = 'unavailable_503 with Retry-After 1'
    const beganMs = performance.now()
    await onceAndRight(name, 'transaction', async () => {
      onStep.set(`admit ${name}`, () =>
        around().gateway.faults.add({ kind: 'unavailable_503', commits: false, retryAfterSeconds: 1 }),
      )
      return submit(name)
    })
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(1_000)
  })

  it('as often as there are tries: the process stays with the broker, whose next assignment finds the work done', async () => {
    const name = 'three faults in a row'
    await onceAndRight(name, 'transaction', async () => {
      onStep.set(`admit ${name}`, () => {
        for (const kind of ['drop_reply_after_commit', 'html_502', 'empty_404'] as const)
          around().gateway.faults.add({ kind, function: 'bee_execute' })
      })
      return submit(name, 'append', 2_000)
    })
    expect(table.at(-1)).toContain('replayed')
  })
})

type BrokerFaultKind = BrokerFault['kind']
const all: readonly BrokerFaultKind[] = [
  'lose_reply',
  'reset',
  'empty_500',
  'empty_200',
  'http200_error',
  'stall',
  'delay',
]

describe('the broker: an answer is lost', () => {
  // An empty 200 means "forbidden" to a Colonies client: a submitter is told, the others are tried.
  it.each(all.filter((kind) => kind !== 'empty_200'))('%s, at the submit', async (kind) => {
    const name = `broker ${kind} (submit)`
    await onceAndRight(name, 'submit', async () => {
      around().broker().faults.inject({ kind, msgtype: 'submitfuncspecmsg', delayMs: 300 })
      const processId = await submit(name)
      expect(around().broker().faults.pending()).toEqual([])
      return processId
    })
  })

  it.each([...all, 'empty_404', 'lose_assign_reply'] as const)('%s, at the assign', async (kind) => {
    const name = `broker ${kind} (assign)`
    await onceAndRight(name, 'assign', async () => {
      // The first strike is at an idle poll (if it strikes those), the second at one with work waiting.
      const { faults } = around().broker()
      faults.inject({ kind, msgtype: 'assignprocessmsg', times: 2, delayMs: 300 })
      if (kind !== 'lose_assign_reply') {
        await until(() => faults.pending()[0]?.times !== 2, { timeoutMs: 5_000, what: 'the first strike' })
      }
      return submit(name)
    })
  })

  it.each(all)('%s, at the close', async (kind) => {
    const name = `broker ${kind} (close)`
    await onceAndRight(name, 'close', async () => {
      around().broker().faults.inject({ kind, msgtype: 'closesuccessfulmsg', delayMs: 300 })
      // After an empty 200 the broker has to hand the process out again, which it does at the time limit.
      return submit(name, 'append', 2_000)
    })
    expect(around().broker().faults.pending()).toEqual([])
  })

  it('extra_retries: a requeue that counts more than one', async () => {
    const name = 'broker extra_retries'
    await onceAndRight(name, 'requeue', async () => {
      around().broker().faults.inject({ kind: 'extra_retries', retries: 1 })
      const processId = await submit(name, 'wait', 1_000)
      await until(() => seen.get(name)?.includes('BEE_DEADLINE'), { timeoutMs: 10_000, what: 'the local end' })
      gate(name).open()
      return processId
    })
    const [row] = await rowsOf(
      `select retries from colonies.processes where kwargs::jsonb #>> '{input,note}' = $1`,
      name,
    )
    expect(row).toEqual({ retries: 2 })
  })

  it('one process in two hands, after the executor was struck off: only one of them writes', async () => {
    const name = 'two hands'
    await onceAndRight(
      name,
      'executor',
      async () => {
        const [before] = hive.fleet.status().bees
        const processId = await submit(name, 'deaf')
        await until(() => seen.get(name)?.length === 1, { timeoutMs: 5_000, what: 'the first hand' })
        await around().owner.removeExecutor('dev', before?.executorName ?? '')
        await until(() => seen.get(name)?.filter((what) => what === 'started').length === 2, {
          timeoutMs: 20_000,
          what: 'the second hand',
        })
        gate(name).open()
        return processId
      },
      { result: 'nothing' },
    )
    await until(() => seen.get(name)?.some((what) => what.startsWith('refused')), { what: 'the end of the first hand' })
    expect(seen.get(name)?.filter((what) => what === 'wrote')).toHaveLength(1)
  })
})
