import { describe, expect, it } from 'vitest'
import { findDead } from '../../src/cli/dead/find-dead.ts'
import { type DeadLine, listDead } from '../../src/cli/dead/list-dead.ts'
import { redrive } from '../../src/cli/dead/redrive.ts'
import {
  generateSeed,
  type ReceiptClaims,
  SigningKey,
  signEnvelope,
  verifyReceipt,
  verifyRedrive,
} from '../../src/trust/index.ts'
import { colony } from '../fleet/test-fleet.ts'
import { useDeadHive } from './dead-hive.ts'

const { around, apply, bees, bury, effectsOf, event, key, ports, redriveRows, whileBroken } = useDeadHive()

const failed = async (id: string): Promise<string> => {
  const { state, processId } = await whileBroken(() => apply(id))
  expect(state).toBe('failed')
  return processId
}
const json = async (...args: string[]) => {
  const { code, out, err } = await bees(...args, '--json')
  return { code, err, reply: out === '' ? null : JSON.parse(out) }
}
const redriveById = async (id: string, options = {}, over: Partial<ReturnType<typeof ports>> = {}) => {
  const { processId } = await redrive(await findDead(id, ports()), { ...ports(), ...over }, options)
  return around().submitter.waitFor(processId, { timeoutMs: 15_000 })
}

describe('bees dead', () => {
  it('takes a letter from the list to its effect, and says who did it', async () => {
    await bury('evt_walk', 7)
    const list = await bees('list')
    expect(list).toMatchObject({ code: 0, err: '' })
    expect(list.out).toMatch(/stripe\/evt_walk\s+finance\/apply_stripe_event\s+BEE_TRANSACTION_REFUSED/)

    const shown = await json('show', 'stripe/evt_walk')
    expect(shown.reply).toMatchObject({
      genuine: true,
      input: { event: { id: 'evt_walk', amount: 7, email: '[sensitive]' } },
      redrives: [],
    })

    const done = await json('redrive', 'stripe/evt_walk')
    expect(done).toMatchObject({ code: 0, reply: { state: 'success', result: { row: expect.any(Number) } } })
    expect(await effectsOf('evt_walk')).toBe(1)
    const { process } = done.reply

    const [row] = (await redriveRows()).filter(({ subject }) => subject === 'evt_walk')
    expect(row).toMatchObject({ colony, kind: 'letter', source: 'stripe', process, kid: key.kid })
    const claims = verifyRedrive(row?.['statement'] ?? '', [key.trusted()], { aud: colony, process })
    expect(claims).toMatchObject({ subject: 'evt_walk', bee: 'finance', digest: shown.reply.digest })
    expect(await json('list')).toMatchObject({ reply: { lines: [{ id: 'stripe/evt_walk', redriven: 1, process }] } })
    expect((await bees('show', 'stripe/evt_walk')).out).toContain(`as process ${process} (signed)`)

    // Done is done: a second time only when a person insists, and then the business key sees to it.
    const second = await bees('redrive', 'stripe/evt_walk')
    expect(second.code).toBe(1)
    expect(second.err).toContain('BEE_REDRIVEN_ALREADY: stripe/evt_walk was handed in again at ')
    expect(second.err).toContain(`as process ${process}, which is success`)
    expect(await json('redrive', 'stripe/evt_walk', '--again')).toMatchObject({ code: 0, reply: { state: 'success' } })
    expect(await effectsOf('evt_walk')).toBe(1)
  })

  it('takes a failed process the same way, and tells nobody what is sensitive', async () => {
    const processId = await failed('evt_failed')
    const outputs = [await bees('list'), await bees('show', processId), await bees('redrive', processId)]
    expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(outputs[0]?.out).toContain(processId)
    expect(outputs[1]?.out).toContain('BEE_TRANSACTION_REFUSED')
    expect(JSON.stringify(outputs)).not.toContain('canary')
    expect(await effectsOf('evt_failed')).toBe(1)
    const [row] = (await redriveRows()).filter(({ subject }) => subject === processId)
    expect(row).toMatchObject({ kind: 'process', source: '' })
  })

  it.each([
    [['redrive', 'stripe/evt_nowhere'], 'BEE_DEAD_NOT_FOUND'],
    [['redrive', 'a'.repeat(64)], 'BEE_DEAD_NOT_FOUND'],
    [['show', 'elsewhere/evt_1'], 'BEE_DEAD_NOT_FOUND'],
    [['show', 'evt_1'], 'BEE_USAGE'],
    [['list', '--limit', '0'], 'BEE_USAGE'],
    [['list', '--before', 'yesterday'], 'BEE_USAGE'],
    [['redrive', 'stripe/evt_1', '--timeout', 'soon'], 'BEE_USAGE'],
  ])('%j ends with %s', async (args, code) => {
    const { code: exit, out, err } = await bees(...args)
    expect({ exit, out }).toEqual({ exit: 1, out: '' })
    expect(err).toMatch(new RegExp(`^${code}: .*\nnext: `))
  })

  it('asks which one is meant where other bytes came under the same id', async () => {
    await bury('evt_two', 1)
    await bury('evt_two', 2)
    const asked = await bees('show', 'stripe/evt_two')
    expect(asked.err).toContain('--digest')
    const [digest = ''] = /[0-9a-f]{12}/.exec(asked.err) ?? []
    expect(await json('show', 'stripe/evt_two', '--digest', digest)).toMatchObject({
      code: 0,
      reply: { digest: expect.stringContaining(digest) },
    })
  })
})

describe('a redrive changes nothing that is done', () => {
  it('not when the event of the letter was applied meanwhile: it is replayed', async () => {
    await bury('evt_meanwhile', 3)
    const before = await apply('evt_meanwhile', 3)
    const rows = async () => (await around().admin.query('select * from bees.ledger order by id')).rows
    const [ledger, effects] = [await rows(), await around().effects()]
    const { state, result, receipt } = await redriveById('stripe/evt_meanwhile')
    expect({ state, result }).toEqual({ state: 'success', result: before.result })
    const verdict = verifyReceipt(receipt ?? '', [around().receiptKey.trusted()])
    expect(verdict).toMatchObject({ ok: true, claims: { outcome: 'replayed' } satisfies Partial<ReceiptClaims> })
    expect([await rows(), await around().effects()]).toEqual([ledger, effects])
  })

  it('not when ten people hand the same thing in at once', async () => {
    await bury('evt_crowd')
    const ended = await Promise.all(Array.from({ length: 10 }, () => redriveById('stripe/evt_crowd', { again: true })))
    expect(ended.map(({ state }) => state)).toEqual(Array(10).fill('success'))
    expect(await effectsOf('evt_crowd')).toBe(1)
    const recorded = (await redriveRows()).filter(({ subject }) => subject === 'evt_crowd')
    expect(new Set(recorded.map(({ process }) => process))).toEqual(new Set(ended.map(({ processId }) => processId)))
  })

  it('and may be repeated without insisting while it fails', async () => {
    await bury('evt_again')
    expect((await whileBroken(() => redriveById('stripe/evt_again'))).state).toBe('failed')
    expect((await redriveById('stripe/evt_again')).state).toBe('success')
    await expect(redriveById('stripe/evt_again')).rejects.toMatchObject({ code: 'BEE_REDRIVEN_ALREADY' })
    expect(await effectsOf('evt_again')).toBe(1)
  })

  it('and is never without its row: who dies after the submit finds the process again', async () => {
    await bury('evt_dies')
    const dying = { ...ports().ledger, recordRedrive: () => Promise.reject(new Error('died')) }
    const dead = await findDead('stripe/evt_dies', ports())
    await expect(redrive(dead, { ...ports(), ledger: dying })).rejects.toThrow('died')
    const submitted: string[] = []
    const counting: ReturnType<typeof ports>['submitter'] = {
      submit: async (submission) => {
        const made = await ports().submitter.submit(submission)
        submitted.push(made.processId)
        return made
      },
    }
    const { processId } = await redrive(dead, { ...ports(), submitter: counting })
    expect(submitted).toEqual([])
    const recorded = (await redriveRows()).filter(({ subject }) => subject === 'evt_dies')
    expect(recorded.map(({ process }) => process)).toEqual([processId])
    await around().submitter.waitFor(processId, { timeoutMs: 15_000 })
    expect(await effectsOf('evt_dies')).toBe(1)
  })
})

describe('a redrive makes no forgery good', () => {
  const plain = { colonyname: colony, executortype: 'finance-bee' }
  const limits = { maxexectime: 20, maxretries: 3 }
  const submitRaw = async (kwargs: object): Promise<string> => {
    const spec = { funcname: 'apply_stripe_event', kwargs: JSON.parse(JSON.stringify(kwargs)), ...limits }
    const { processid } = await around().client.submitFunctionSpec({ ...spec, conditions: plain })
    await around().submitter.waitFor(processid, { timeoutMs: 15_000 })
    return processid
  }
  const refusal = async (id: string): Promise<unknown> => {
    const before = [await around().effects(), await redriveRows()]
    const refused = await redriveById(id).then(
      () => 'accepted',
      (error: { code?: unknown }) => error.code,
    )
    expect([await around().effects(), await redriveRows()]).toEqual(before)
    return refused
  }

  it('not of a letter whose payload was changed in the database', async () => {
    await bury('evt_forged', 1)
    await around().admin.query(
      `update bees.dead_letters set payload = jsonb_set(payload, '{event,amount}', '1000000') where id = 'evt_forged'`,
    )
    expect(await refusal('stripe/evt_forged')).toBe('BEE_DEAD_ALTERED')
    expect((await json('show', 'stripe/evt_forged')).reply).toMatchObject({
      genuine: false,
      problem: 'BEE_DEAD_ALTERED',
    })
  })

  it('not of a process that nobody signed, that a stranger signed, or whose input is another', async () => {
    const unsigned = await submitRaw({ input: event('evt_unsigned') })
    expect(await refusal(unsigned)).toBe('BEE_ENVELOPE_MISSING')

    const { envelope } = (await around().client.getProcess(await failed('evt_signed'))).spec.kwargs
    const altered = await submitRaw({ input: event('evt_signed', 9_999), envelope })
    expect(await refusal(altered)).toBe('BEE_ENVELOPE_ALTERED')

    const input = event('evt_stranger')
    const subject = { colony, bee: 'finance', task: 'apply_stripe_event', input }
    const stranger = new SigningKey(generateSeed())
    const strange = await submitRaw({ input, envelope: signEnvelope(subject, stranger, { nowMs: Date.now() }) })
    expect(await refusal(strange)).toBe('BEE_ENVELOPE_UNTRUSTED')
  })

  it('and a made-up row of a redrive shows', async () => {
    await bury('evt_row')
    const dead = await findDead('stripe/evt_row', ports())
    const statement = `eyJhIjoxfQ.eyJhIjoxfQ.${'A'.repeat(86)}`
    const row = { colony, ...dead.subject, digest: dead.digest, process: 'f'.repeat(64), kid: key.kid, statement }
    await ports().ledger.recordRedrive(row, { deadlineMs: performance.now() + 5_000 })
    expect((await json('show', 'stripe/evt_row')).reply.redrives).toMatchObject([{ genuine: false }])
  })

  it('nor is a process taken for ours because somebody gave it our label', async () => {
    await bury('evt_label')
    const dead = await findDead('stripe/evt_label', ports())
    const labels: string[] = []
    const spying: ReturnType<typeof ports>['submitter'] = {
      submit: (submission) => {
        labels.push(submission.label ?? '')
        throw new Error('not today')
      },
    }
    await expect(redrive(dead, { ...ports(), submitter: spying })).rejects.toThrow('not today')
    const planted = await around().client.submitFunctionSpec({
      ...{ funcname: 'apply_stripe_event', kwargs: { input: event('evt_planted') }, ...limits, conditions: plain },
      label: labels[0] ?? '',
    })
    const { processId } = await redrive(dead, ports())
    expect(processId).not.toBe(planted.processid)
    await around().submitter.waitFor(processId, { timeoutMs: 15_000 })
    expect(await effectsOf('evt_label')).toBe(1)
  })
})

describe('the list', () => {
  it('goes page by page through letters and processes, each once, newest first', async () => {
    for (let number = 0; number < 12; number += 1) {
      await bury(`evt_page_${number}`)
      if (number % 4 === 0) await failed(`evt_page_process_${number}`)
    }
    const seen: DeadLine[] = []
    for (let before: string | undefined, next: string | null = ''; next !== null; before = next ?? undefined) {
      const page = await listDead(ports(), { limit: 5, before })
      seen.push(...page.lines)
      next = page.next
    }
    const whole = await listDead(ports(), { limit: 100 })
    expect(seen).toEqual(whole.lines)
    expect(new Set(seen.map(({ id, digest }) => id + digest)).size).toBe(seen.length)
    expect(seen.filter(({ id }) => id.startsWith('stripe/evt_page_'))).toHaveLength(12)
    expect(seen.map(({ at }) => Date.parse(at))).toEqual(seen.map(({ at }) => Date.parse(at)).toSorted((a, b) => b - a))
    expect(JSON.stringify(seen)).not.toContain('canary')
  })
})
