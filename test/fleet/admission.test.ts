import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/canonical.ts'
import { generateSeed, SigningKey, signEnvelope, verifyReceipt } from '../../src/trust/index.ts'
import { submitRaw } from './test-fleet.ts'
import { useHive } from './use-hive.ts'

const { around } = useHive('all')

const hour = 3_600_000
const subject = (input: Json, task = 'append') => ({ colony: 'dev', bee: 'worker', task, input })
const envelopeOf = (input: Json, over: Partial<ReturnType<typeof subject>> = {}, nowMs = Date.now()) =>
  signEnvelope({ ...subject(input), ...over }, around().envelopeKey, { nowMs, validForMs: hour })

async function outcome(kwargs: Readonly<Record<string, Json>>, funcname = 'append') {
  const { processid } = await submitRaw(around(), kwargs, funcname)
  return around().submitter.waitFor(processid, { timeoutMs: 20_000 })
}

const input = { note: 'admission' }

/** What a stranger may hand in, and the code that it is refused with. */
type Refusal = readonly [name: string, code: string, kwargs: () => Readonly<Record<string, Json>>, funcname?: string]
const refusals: readonly Refusal[] = [
  ['no envelope', 'BEE_ENVELOPE_MISSING', () => ({ input })],
  ['no arguments at all', 'BEE_ENVELOPE_MISSING', () => ({})],
  ['an envelope that is no text', 'BEE_ENVELOPE_MALFORMED', () => ({ input, envelope: { alg: 'none' } })],
  ['an envelope that is no JWS', 'BEE_ENVELOPE_MALFORMED', () => ({ input, envelope: 'a.b.c' })],
  [
    'a stranger as the signer',
    'BEE_ENVELOPE_UNTRUSTED',
    () => {
      const stranger = new SigningKey(generateSeed())
      return { input, envelope: signEnvelope(subject(input), stranger, { nowMs: Date.now() }) }
    },
  ],
  [
    'a forged signature',
    'BEE_ENVELOPE_SIGNATURE',
    () => {
      const [header, claims] = envelopeOf(input).split('.')
      return { input, envelope: `${header}.${claims}.${Buffer.alloc(64, 1).toString('base64url')}` }
    },
  ],
  ['another colony', 'BEE_ENVELOPE_FOREIGN', () => ({ input, envelope: envelopeOf(input, { colony: 'prod' }) })],
  ['another bee', 'BEE_ENVELOPE_FOREIGN', () => ({ input, envelope: envelopeOf(input, { bee: 'finance' }) })],
  ['another task', 'BEE_ENVELOPE_FOREIGN', () => ({ input, envelope: envelopeOf(input, { task: 'once' }) })],
  ['an altered input', 'BEE_ENVELOPE_ALTERED', () => ({ input: { note: 'altered' }, envelope: envelopeOf(input) })],
  [
    'an expired envelope',
    'BEE_ENVELOPE_EXPIRED',
    () => ({ input, envelope: envelopeOf(input, {}, Date.now() - 3 * hour) }),
  ],
  [
    'an envelope from the future',
    'BEE_ENVELOPE_FUTURE',
    () => ({ input, envelope: envelopeOf(input, {}, Date.now() + hour) }),
  ],
  ['an unknown function', 'BEE_TASK_UNKNOWN', () => ({ input, envelope: envelopeOf(input) }), 'drop_tables'],
  ['a long function name that cannot be cut anywhere', 'BEE_TASK_UNKNOWN', () => ({ input }), `x${'🐝'.repeat(300)}`],
  ['a function named like a property of every object', 'BEE_TASK_UNKNOWN', () => ({ input }), 'constructor'],
  ['an input of another shape', 'BEE_INPUT_INVALID', () => ({ input: { note: 1 }, envelope: envelopeOf({ note: 1 }) })],
  ['an input that is no object', 'BEE_INPUT_INVALID', () => ({ input: [1], envelope: envelopeOf([1]) })],
  [
    'an input that makes an empty business key',
    'BEE_INPUT_INVALID',
    () => ({ input: { note: '' }, envelope: envelopeOf({ note: '' }, { task: 'once' }) }),
    'once',
  ],
  ['five megabytes', 'BEE_INPUT_INVALID', () => ({ input: { note: 'x'.repeat(5_000_000) }, envelope: 'a.b.c' })],
  [
    'a nest of two thousand lists',
    'BEE_INPUT_INVALID',
    () => {
      let nest: Json = 1
      for (let depth = 0; depth < 2_000; depth += 1) nest = [nest]
      return { input: { note: nest }, envelope: 'a.b.c' }
    },
  ],
]

describe('admission', () => {
  it.each(refusals.map(([name, ...rest]) => ({ name, rest })))(
    'refuses $name',
    async ({ rest: [code, kwargs, funcname] }) => {
      const before = (await around().effects()).length
      const ended = await outcome(kwargs(), funcname ?? 'append')
      expect(ended.state).toBe('failed')
      expect(ended.errors).toHaveLength(1)
      expect(ended.errors[0]).toMatch(new RegExp(`^${code}: .`))
      expect(ended.errors[0]?.length).toBeLessThan(1_000)
      const verdict = verifyReceipt(ended.receipt ?? '', [around().receiptKey.trusted()], { process: ended.processId })
      expect(verdict).toMatchObject({ ok: true, claims: { outcome: 'failed', error: code, output: null, ledger: [] } })
      expect((await around().effects()).length).toBe(before)
      expect(await around().ledgerRows(ended.processId)).toBe(0)
      const { rows } = await around().admin.query('select jws from bees.receipts where process = $1', [ended.processId])
      expect(rows).toEqual([{ jws: ended.receipt }])
    },
  )

  it('refuses an envelope whose nonce another process used up', async () => {
    const kwargs = { input: { note: 'replay me' }, envelope: envelopeOf({ note: 'replay me' }) }
    expect((await outcome(kwargs)).state).toBe('success')
    const replayed = await outcome(kwargs)
    expect(replayed.errors[0]).toMatch(/^BEE_ENVELOPE_REPLAYED: /)
    expect(replayed.receipt).not.toBeNull()
    expect((await around().effects('append')).filter((row) => JSON.stringify(row).includes('replay me'))).toHaveLength(
      1,
    )
  })

  it('takes unicode, odd member names and large inputs as they are', async () => {
    const notes = ['žluťoučký kůň 🐎', '\u0001\u2028"\\', 'x'.repeat(500_000)]
    for (const note of notes) {
      const ended = await outcome({ input: { note }, envelope: envelopeOf({ note }) })
      expect(ended.errors).toEqual([])
      expect((await around().effects('append')).at(-1)).toEqual({ note })
    }
  })

  it('is not fooled by member names that mean something to objects', async () => {
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"a":1}',
    ) as {
      readonly [key: string]: Json
    }
    const ended = await outcome({ input: hostile, envelope: envelopeOf(hostile, { task: 'echo' }) }, 'echo')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(['success', 'failed']).toContain(ended.state)
    const inKwargs = JSON.parse('{"__proto__":{"input":{"note":"x"}}}') as Readonly<Record<string, Json>>
    expect((await outcome(inKwargs)).errors[0]).toMatch(/^BEE_ENVELOPE_MISSING/)
    expect(({} as { input?: unknown }).input).toBeUndefined()
  })
})
