import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../src/canonical.ts'
import { generateSeed, SigningKey, signEnvelope } from '../../src/trust/index.ts'
import { until } from '../support/index.ts'
import { clockwork, clockworkSql, testSchedules } from './clockwork.ts'
import { colony } from './test-fleet.ts'
import { useSurroundings } from './use-hive.ts'

const { around, startHive } = useSurroundings('all')
const bee = clockwork()
const input = { note: 'tick' }
/** What every member of the colony can read: the envelope of the cron. */
let stolen = ''

beforeAll(async () => {
  await around().admin.query(clockworkSql)
  await startHive({}, [bee])
  await testSchedules(around(), bee).look()
  const [cron] = await around().client.getCrons(colony)
  stolen = JSON.parse(cron?.workflowspec ?? '').functionspecs[0].kwargs.envelope
  await until(async () => (await around().effects()).length === 1, { what: 'the run of the schedule' })
})

async function attack(kwargs: { readonly [key: string]: Json }, funcname = 'tick') {
  const { processid } = await around().client.submitFunctionSpec({
    funcname,
    kwargs,
    maxexectime: 20,
    maxretries: 3,
    conditions: { colonyname: colony, executortype: 'clockwork-bee' },
    label: randomBytes(8).toString('hex'),
  })
  return around().submitter.waitFor(processid, { timeoutMs: 15_000 })
}

describe('whoever has copied the standing order from the broker', () => {
  it('gets nothing run in a slot that has had its run, however often and at once', async () => {
    const before = await around().effects()
    const ended = await Promise.all(Array.from({ length: 10 }, () => attack({ input, envelope: stolen })))
    expect(ended.map(({ result }) => result)).toEqual(Array(10).fill({ skipped: 'BEE_ENVELOPE_REPLAYED' }))
    expect(await around().effects()).toEqual(before)
  })

  it('gets one run, not ten, in a slot that has had none', async () => {
    const before = (await around().effects()).length
    const fresh = { note: randomBytes(4).toString('hex') }
    const subject = { colony, bee: 'clockwork', task: 'tick', input: fresh }
    const envelope = signEnvelope(subject, around().envelopeKey, { nowMs: Date.now(), everyS: 86_400 })
    const ended = await Promise.all(Array.from({ length: 10 }, () => attack({ input: fresh, envelope })))
    expect(ended.map(({ state }) => state)).toEqual(Array(10).fill('success'))
    expect(ended.filter(({ result }) => JSON.stringify(result)?.includes('row'))).toHaveLength(1)
    expect((await around().effects()).length).toBe(before + 1)
  })

  it.each([
    ['another input', { input: { note: 'mine' } }, 'tick', 'BEE_ENVELOPE_ALTERED'],
    ['another task', {}, 'tock', 'BEE_ENVELOPE_FOREIGN'],
  ])('cannot use it for %s', async (_, changes, funcname, code) => {
    const before = await around().effects()
    const { state, errors } = await attack({ input, envelope: stolen, ...changes }, funcname)
    expect({ state, code: errors[0]?.split(':')[0] }).toEqual({ state: 'failed', code })
    expect(await around().effects()).toEqual(before)
  })

  it('cannot sign one of its own', async () => {
    const subject = { colony, bee: 'clockwork', task: 'tick', input: { note: 'forged' } }
    const envelope = signEnvelope(subject, new SigningKey(generateSeed()), { nowMs: Date.now(), everyS: 60 })
    const { errors } = await attack({ input: subject.input, envelope })
    expect(errors[0]?.split(':')[0]).toBe('BEE_ENVELOPE_UNTRUSTED')
    expect(await around().effects()).not.toContainEqual({ note: 'forged' })
  })
})
