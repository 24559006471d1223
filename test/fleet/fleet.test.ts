import { describe, expect, it } from 'vitest'
import { defineBee, defineTask, z } from '../../src/bee/index.ts'
import { type StepName, stepNames } from '../../src/fleet/index.ts'
import { until } from '../support/index.ts'
import { gate, poison, seen, worker } from './bees.ts'
import { submitAndWait, testFleet } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around } = useSurroundings('all')

describe('a fleet', () => {
  it('tells of each step of the pipeline, in the declared order, with frozen records', async () => {
    const told: StepName[] = []
    const frozen: boolean[] = []
    const hive = testFleet(around(), [worker], {
      onStep: (step, record) => {
        told.push(step)
        frozen.push(Object.isFrozen(record))
      },
    })
    await hive.fleet.start()
    await submitAndWait(around(), { bee: 'worker', task: 'append', input: { note: 'steps' } })
    await until(() => told.length === stepNames.length)
    expect(told).toEqual([...stepNames])
    expect(frozen).not.toContain(false)
    await hive.stop()
  })

  it('stays on the register while all its slots are busy', async () => {
    const poller = { pollTimeoutS: 1, startJitterMs: 1, heartbeatMs: 100 }
    const hive = testFleet(around(), [worker], { tuning: { poller } })
    await hive.fleet.start()
    const name = hive.fleet.status().bees[0]?.executorName ?? ''
    const lastHeard = async () => Date.parse((await around().client.getExecutor('dev', name)).lastheardfromtime ?? '')
    const notes = ['busy 1', 'busy 2']
    for (const note of notes) await around().submitter.submit({ bee: 'worker', task: 'wait', input: { note } })
    await until(() => hive.fleet.status().bees[0]?.state === 'saturated')
    const before = await lastHeard()
    await until(async () => (await lastHeard()) > before + 500, { timeoutMs: 10_000 })
    expect(hive.fleet.status().bees[0]?.state).toBe('saturated')
    for (const note of notes) gate(note).open()
    await hive.stop()
    expect(notes.every((note) => seen.get(note)?.includes('started'))).toBe(true)
  })

  it('runs on when one bee cannot build its services, and says which, without its message', async () => {
    const broken = defineBee({
      name: 'broken',
      description: 'Has no settings.',
      services: () => {
        throw new Error('CANARY-in-settings')
      },
      tasks: {
        none: defineTask({ description: 'Never runs.', input: z.object({}), output: z.null(), run: async () => null }),
      },
    })
    const hive = testFleet(around(), [broken, worker])
    await hive.fleet.start()
    expect(hive.fleet.status().bees.map(({ state }) => state)).toEqual(['failed', 'polling'])
    expect(hive.fleet.status().bees[0]?.problem?.code).toBe('BEE_BEE_INVALID')
    expect((await submitAndWait(around(), { bee: 'worker', task: 'append', input: { note: 'runs on' } })).state).toBe(
      'success',
    )
    expect(hive.lines.join('') + JSON.stringify(hive.fleet.status())).not.toContain('CANARY-in-settings')
    await hive.stop()
    expect(hive.fleet.status().bees.map(({ state }) => state)).toEqual(['stopped', 'stopped'])
  })

  it('refuses to publish more than its limit', async () => {
    const hive = testFleet(around(), [worker], { tuning: { maxOutputChars: 100 } })
    await hive.fleet.start()
    const ended = await submitAndWait(around(), { bee: 'worker', task: 'echo', input: { text: 'x'.repeat(200) } })
    expect(ended.errors).toEqual(['BEE_OUTPUT_INVALID: output of echo: larger than 100 characters of JSON'])
    await hive.stop()
  })

  it('refuses two bees of one name', () => {
    expect(() => testFleet(around(), [worker, poison, worker])).toThrow(
      expect.objectContaining({ code: 'BEE_BEE_DUPLICATE' }),
    )
  })

  it('leaves nothing behind: no listeners, no unhandled rejections, whatever the tasks did', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => {
      unhandled.push(reason)
    }
    process.on('unhandledRejection', note)
    const warnings: string[] = []
    const warn = (warning: Error): void => {
      warnings.push(warning.name)
    }
    process.on('warning', warn)
    const hive = testFleet(around(), [worker])
    await hive.fleet.start()
    const inputs = Array.from({ length: 60 }, (_, index) => ({ note: `leak ${index}` }))
    await Promise.all(
      inputs.map((input, index) =>
        submitAndWait(around(), { bee: 'worker', task: index % 2 === 0 ? 'append' : 'wrong_shape', input }, 25_000),
      ),
    )
    await hive.stop()
    process.off('unhandledRejection', note)
    process.off('warning', warn)
    expect(unhandled).toEqual([])
    expect(warnings).not.toContain('MaxListenersExceededWarning')
  })
})
