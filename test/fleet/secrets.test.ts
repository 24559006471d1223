import { describe, expect, it } from 'vitest'
import { until } from '../support/index.ts'
import { submitAndWait } from './test-fleet.ts'
import { useHive } from './use-hive.ts'

const { around, hive } = useHive('all')
const canary = 'CANARY-7f3a-"quoted"-ünïcode'
const spellings = ['CANARY-7f3a', 'ünïcode']

const found = (text: string): readonly string[] => spellings.filter((spelling) => text.includes(spelling))

describe('a sensitive field', () => {
  it('reaches neither logs, nor metrics, nor the broker, nor receipts, whatever the handler does with it', async () => {
    const done = await submitAndWait(around(), { bee: 'worker', task: 'append', input: { note: 'n', secret: canary } })
    const refused = await submitAndWait(around(), {
      bee: 'worker',
      task: 'throws',
      input: { secret: canary, terminal: true },
    })
    const { processId } = await around().submitter.submit({
      bee: 'worker',
      task: 'throws',
      input: { secret: canary, terminal: false },
    })
    await until(() => hive().lines.some((line) => line.includes(processId) && line.includes('BEE_HANDLER_FAILED')))
    expect(done.state).toBe('success')
    expect(refused.state).toBe('failed')
    // The effect itself is where the value belongs.
    expect(JSON.stringify(await around().effects('append'))).toContain('CANARY-7f3a')

    const outputs = [done, refused].map(({ process }) =>
      JSON.stringify([process.out, process.errors, process.attributes]),
    )
    const receipts = [done, refused].map(({ receipt }) =>
      Buffer.from((receipt ?? '').split('.')[1] ?? '', 'base64url').toString(),
    )
    expect(found(hive().lines.join(''))).toEqual([])
    expect(found(await hive().metrics.render())).toEqual([])
    expect(found(outputs.join(''))).toEqual([])
    expect(found(receipts.join(''))).toEqual([])
    expect(found(JSON.stringify(hive().fleet.status()))).toEqual([])
    const { rows } = await around().admin.query('select * from bees.receipts')
    expect(found(JSON.stringify(rows))).toEqual([])
    // The log lines of the handler did arrive, so that their silence means something.
    expect(hive().lines.some((line) => line.includes('"appending"') && line.includes('[sensitive]'))).toBe(true)
  })

  it('reaches nobody through a refusal at admission either', async () => {
    const ended = await submitAndWait(around(), {
      bee: 'worker',
      task: 'append',
      input: { note: 1, secret: canary } as unknown as { note: string },
    })
    expect(ended.errors[0]).toMatch(/^BEE_INPUT_INVALID/)
    expect(found(JSON.stringify([ended.process.errors, ended.process.out]))).toEqual([])
    expect(found(hive().lines.join(''))).toEqual([])
  })

  it('no key of ours is in the log', () => {
    const text = hive().lines.join('')
    for (const key of [around().colonyKey, around().memberKey])
      expect(text).not.toContain(Buffer.from(key).toString('hex'))
  })
})
