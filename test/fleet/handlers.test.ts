import { describe, expect, it } from 'vitest'
import { until } from '../support/index.ts'
import { gate, poison, seen, worker } from './bees.ts'
import { submitAndWait } from './test-fleet.ts'
import { useHive } from './use-hive.ts'

const { around, hive } = useHive('all', [worker, poison])

const status = (name = 'worker') => {
  const found = hive()
    .fleet.status()
    .bees.find(({ bee }) => bee === name)
  if (found === undefined) throw new Error(`no bee ${name}`)
  return found
}
const submit = (
  task: string,
  input: { readonly [key: string]: string | boolean },
  deadlineMs?: number,
  bee = 'worker',
) => around().submitter.submit({ bee, task, input, deadlineMs })
const stateOf = async (processId: string): Promise<number> => (await around().client.getProcess(processId)).state
const running = 1
const logged = (text: string): boolean => hive().lines.some((line) => line.includes(text))

describe('a handler', () => {
  it('that throws TerminalError closes the process as failed, with a receipt', async () => {
    const ended = await submitAndWait(around(), {
      bee: 'worker',
      task: 'throws',
      input: { secret: 'canary-t', terminal: true },
    })
    expect(ended.state).toBe('failed')
    expect(ended.errors).toEqual(['BEE_HANDLER_REFUSED: no good: [sensitive]'])
    expect(ended.receipt).not.toBeNull()
  })

  it('that throws before it returns a promise is no different', async () => {
    const ended = await submitAndWait(around(), { bee: 'worker', task: 'throws_early', input: { note: 'e' } })
    expect(ended.errors).toEqual(['BEE_HANDLER_REFUSED: early'])
  })

  it('that throws anything else leaves the process to the broker, which hands it out again', async () => {
    const { processId } = await submit('throws', { secret: 'canary-r', terminal: false }, 1_000)
    await until(() => hive().lines.some((line) => line.includes(processId) && line.includes('BEE_HANDLER_FAILED')))
    expect(await stateOf(processId)).toBe(running)
    await until(() => hive().lines.some((line) => line.includes(processId) && line.includes('"retries":1')), {
      timeoutMs: 8_000,
    })
    await around()
      .client.cancelProcess(processId)
      .catch(() => undefined)
    expect(await around().ledgerRows(processId)).toBe(0)
  })

  it('counts under the names that its task declares, from 0 on, and under no other', async () => {
    expect(await hive().metrics.render()).toContain('bees_task_counts_total{bee="worker",task="counts",what="lines"} 0')
    const good = await submitAndWait(around(), { bee: 'worker', task: 'counts', input: { note: 'lines' } })
    expect(good.state).toBe('success')
    const bad = await submitAndWait(around(), { bee: 'worker', task: 'counts', input: { note: 'canary-c' } })
    expect(bad.errors).toEqual([
      'BEE_HANDLER_REFUSED: count: counts does not declare that name; declared are: lines, pages',
    ])
    const text = await hive().metrics.render()
    expect(text).toContain('bees_task_counts_total{bee="worker",task="counts",what="lines"} 3')
    expect(text).toContain('bees_task_counts_total{bee="worker",task="counts",what="pages"} 2')
    expect(text).not.toContain('canary-c')
  })

  it('that returns the wrong shape fails for good', async () => {
    const ended = await submitAndWait(around(), { bee: 'worker', task: 'wrong_shape', input: { note: 'w' } })
    expect(ended.state).toBe('failed')
    expect(ended.errors[0]).toMatch(/^BEE_OUTPUT_INVALID: output of wrong_shape: row: /)
  })

  it('whose SQL function is missing leaves the process to the broker', async () => {
    const { processId } = await submit('no_sql', { note: 'n' }, 3_000)
    await until(() => hive().lines.some((line) => line.includes(processId) && line.includes('BEE_TRANSACTION_MISSING')))
    expect(await stateOf(processId)).toBe(running)
    await around().client.cancelProcess(processId)
  })

  it('is aborted before the deadline of its process, and nothing of it is closed', async () => {
    const begun = performance.now()
    const { processId } = await submit('wait', { note: 'slow' }, 2_000)
    await until(() => seen.get('slow')?.includes('BEE_DEADLINE'))
    expect(performance.now() - begun).toBeLessThan(2_000)
    expect(await stateOf(processId)).toBe(running)
    // Handed out again, it is let through and has its one effect.
    gate('slow').open()
    expect((await around().submitter.waitFor(processId, { timeoutMs: 10_000 })).state).toBe('success')
    expect(await around().ledgerRows(processId)).toBe(1)
  })

  it('hears of a cancel within five seconds, and the process can do no more', async () => {
    const { processId } = await submit('wait', { note: 'cancelled' })
    await until(() => seen.get('cancelled')?.includes('started'))
    await around().client.cancelProcess(processId)
    const begun = performance.now()
    await until(() => seen.get('cancelled')?.includes('BEE_CANCELLED'))
    expect(performance.now() - begun).toBeLessThan(5_000)
    const revoked = async () => {
      const { rows } = await around().admin.query('select revoked_at from bees.processes where process = $1', [
        processId,
      ])
      return (rows[0] as { revoked_at: Date | null } | undefined)?.revoked_at
    }
    await until(revoked)
    expect(await around().ledgerRows(processId)).toBe(0)
    await until(async () => (await hive().metrics.render()).includes('outcome="cancelled"'))
    expect(seen.get('cancelled')).not.toContain('ownership lost')
  })

  it('hears that its process was removed from the broker', async () => {
    const { processId } = await submit('wait', { note: 'removed' })
    await until(() => seen.get('removed')?.includes('started'))
    await around().admin.query('delete from colonies.processes where processid = $1', [processId])
    await until(() => seen.get('removed')?.includes('ownership lost'))
    expect(seen.get('removed')).toContain('BEE_OWNERSHIP_LOST')
  })

  it('that returns in good order at its deadline is done; after a cancel it is not', async () => {
    const receipts = async (processId: string): Promise<number> =>
      (await around().admin.query('select 1 from bees.receipts where process = $1', [processId])).rows.length
    const late = await submit('polite', { note: 'late' }, 1_000)
    const ended = await around().submitter.waitFor(late.processId, { timeoutMs: 10_000 })
    expect(ended).toMatchObject({ state: 'success', result: { stopped: 'BEE_DEADLINE' } })
    expect(await receipts(late.processId)).toBe(1)
    const cancelled = await submit('polite', { note: 'polite and cancelled' })
    await until(() => seen.get('polite and cancelled')?.includes('started'))
    await around().client.cancelProcess(cancelled.processId)
    await until(() =>
      hive().lines.some((line) => line.includes(cancelled.processId) && line.includes('"task dropped"')),
    )
    expect(await receipts(cancelled.processId)).toBe(0)
  })

  it('that ignores its signal is left behind: its slot is replaced and its late transaction refused', async () => {
    const { processId } = await submit('deaf', { note: 'deaf' }, 1_000)
    await until(() => seen.get('deaf')?.includes('BEE_DEADLINE'))
    await until(() => status().slots.stuck === 1)
    expect(logged('the handler ignores its signal')).toBe(true)
    await around()
      .client.cancelProcess(processId)
      .catch(() => undefined)
    const ended = await submitAndWait(around(), {
      bee: 'worker',
      task: 'append',
      input: { note: 'beside the deaf one' },
    })
    expect(ended.state).toBe('success')
    gate('deaf').open()
    await until(() => status().slots.stuck === 0)
    expect(seen.get('deaf')).not.toContain('wrote')
    expect(await around().ledgerRows(processId)).toBe(0)
  })

  it('that is deaf beyond its deadline cannot interfere with the next run of its process', async () => {
    const { processId } = await submit('deaf', { note: 'twice' }, 2_000)
    await until(() => seen.get('twice')?.filter((what) => what === 'started').length === 2, { timeoutMs: 10_000 })
    gate('twice').open()
    expect((await around().submitter.waitFor(processId, { timeoutMs: 10_000 })).state).toBe('success')
    await until(() => status().slots.stuck === 0)
    expect(seen.get('twice')?.filter((what) => what === 'wrote')).toHaveLength(1)
    expect(seen.get('twice')?.filter((what) => what.startsWith('refused'))).toHaveLength(1)
    expect(await around().ledgerRows(processId)).toBe(1)
    expect((await around().effects('deaf')).filter((row) => (row as { note: string }).note === 'twice')).toHaveLength(1)
  })

  it('at its task’s limit makes others of that task wait and lets other tasks past', async () => {
    const limited = await Promise.all(['l1', 'l2', 'l3'].map((note) => submit('one_at_a_time', { note })))
    await until(() => ['l1', 'l2', 'l3'].some((note) => seen.has(note)))
    const ended = await submitAndWait(around(), {
      bee: 'worker',
      task: 'append',
      input: { note: 'past the limited ones' },
    })
    expect(ended.state).toBe('success')
    expect(['l1', 'l2', 'l3'].filter((note) => seen.has(note))).toHaveLength(1)
    for (const note of ['l1', 'l2', 'l3']) gate(note).open()
    for (const { processId } of limited) {
      expect((await around().submitter.waitFor(processId, { timeoutMs: 10_000 })).state).toBe('success')
    }
  })

  it('of a poison bee does not starve the other bees', async () => {
    const hung = await Promise.all(
      Array.from({ length: 8 }, (_, index) => submit('hang', { note: `h${index}` }, 60_000, 'poison')),
    )
    await until(() => status('poison').slots.busy === 2 && status('poison').state === 'saturated')
    const inputs = Array.from({ length: 10 }, (_, index) => ({ note: `beside poison ${index}` }))
    const ended = await Promise.all(
      inputs.map((input) => submitAndWait(around(), { bee: 'worker', task: 'append', input })),
    )
    expect(ended.map(({ state }) => state)).toEqual(inputs.map(() => 'success'))
    expect(status('poison').hold).toBe('slots')
    for (const { processId } of hung) await around().client.cancelProcess(processId)
    await until(() => status('poison').slots.stuck === 2)
  })
})
