import { describe, expect, it } from 'vitest'
import { createLog, createMetrics } from '../../src/telemetry/index.ts'

describe('metrics', () => {
  it('renders what was counted, with bounded labels and seconds', async () => {
    const metrics = createMetrics({ version: '1.2.3' })
    metrics.taskStarted('finance', 'apply', 1500)
    metrics.taskFinished('finance', 'apply', 'applied', 20)
    metrics.taskCount('finance', 'apply', 'lines_written', 2)
    metrics.taskCount('finance', 'apply', 'lines_written', 1)
    for (let n = 0; n < 205; n += 1) metrics.taskCount('security', 'judge', 'hits', 1, `rule_${n}`)
    metrics.rpc('execute', 'unknown_outcome', 4000)
    metrics.breaker('database', 'open')
    metrics.beeState('finance', 'polling')
    metrics.beeState('finance', 'draining')
    const text = await metrics.render()
    expect(text).toContain('bees_tasks_finished_total{bee="finance",task="apply",outcome="applied"} 1')
    expect(text).toContain('bees_task_counts_total{bee="finance",task="apply",what="lines_written"} 3')
    expect(text).toContain('bees_task_part_counts_total{bee="security",task="judge",what="hits",part="rule_199"} 1')
    expect(text).toContain('bees_task_part_counts_total{bee="security",task="judge",what="hits",part="other"} 5')
    expect(text).toContain('bees_task_queue_wait_seconds_sum{bee="finance"} 1.5')
    expect(text).toContain('bees_rpc_seconds_count{operation="execute",class="unknown_outcome"} 1')
    expect(text).toContain('bees_breaker_state{dependency="database",state="open"} 1')
    expect(text).toContain('bees_breaker_state{dependency="database",state="closed"} 0')
    expect(text).toContain('bees_state{bee="finance",state="polling"} 0')
    expect(text).toContain('bees_state{bee="finance",state="draining"} 1')
    expect(text).toMatch(/bees_build_info\{version="1\.2\.3",node="[\d.]+"\} 1/)
    expect(text).toMatch(/process_cpu_seconds_total \d/)
  })

  it('keeps two hives in one OS process apart', async () => {
    const [first, second] = [createMetrics({ version: '1' }), createMetrics({ version: '1' })]
    first.orphan('finance')
    expect(await second.render()).not.toContain('bees_orphans_total{bee="finance"}')
  })

  it('follows the naming rules: unit suffixes, _total for counters only, help for each', async () => {
    const text = await createMetrics({ version: '1' }).render()
    for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      expect(name?.endsWith('_total'), name).toBe(type === 'counter')
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'))
    }
  })
})

describe('the log', () => {
  it('writes one JSON object a line and hides what is named like a secret', () => {
    const lines: string[] = []
    const log = createLog({ destination: { write: (line: string) => void lines.push(line) } })
    const canary = 'CANARY-4711'
    log
      .child({ bee: 'finance', token: canary })
      .info({ input: { a: canary }, deep: { apikey: canary }, error: new Error('plain') }, 'hello')
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain(canary)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      bee: 'finance',
      msg: 'hello',
      error: { message: 'plain' },
    })
  })
})
