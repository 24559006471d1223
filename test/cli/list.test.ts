import { describe, expect, it } from 'vitest'
import finance from '../../bees/finance/bee.ts'
import { describeBee } from '../../src/bee/index.ts'
import { runBees } from '../support/hive.ts'

describe('bees list', () => {
  it('--json prints each bee with the schemas of its tasks', async () => {
    const { code, out, err } = await runBees(['list', '--json'], { env: { BEES_ONLY: 'finance' } })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const bees: unknown = JSON.parse(out)
    expect(bees).toEqual([JSON.parse(JSON.stringify(describeBee(finance)))])
    expect(bees).toMatchObject([
      {
        name: 'finance',
        executorType: 'finance-bee',
        slots: expect.any(Number),
        tasks: expect.arrayContaining([
          expect.objectContaining({
            name: 'apply_stripe_event',
            keyed: true,
            schemaHash: expect.stringMatching(/^[0-9a-f]{64}$/),
            input: expect.objectContaining({ type: 'object', required: ['event'] }),
          }),
        ]),
      },
    ])
  })

  it('is plain text where nobody sits in front of it', async () => {
    const { code, out } = await runBees(['list'], { env: { NO_COLOR: '' } })
    expect(code).toBe(0)
    expect(out).toContain('finance/apply_stripe_event')
    expect(out).not.toContain('\u001b')
  })

  it('names a bee that is not here, and those that are', async () => {
    const { code, err } = await runBees(['list'], { env: { BEES_ONLY: 'nobody' } })
    expect(code).toBe(1)
    expect(err).toMatch(/^BEE_BEE_INVALID: no bee nobody in .*finance/)
  })
})
