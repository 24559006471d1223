import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readApprovers } from '../../bees/security/respond/approvers.ts'
import { parseTrustedKeys, SigningKey } from '../../src/trust/index.ts'
import { runBees } from '../support/hive.ts'

let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'colony-bees-keys-'))
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

async function keys(what: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, out, err } = await runBees(['keys', ...what], { dataDir, env })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out.trimEnd().split('\n')
}

/** What an env file would hold: everything but the comments. */
const settings = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('#'))

describe('bees keys', () => {
  it('makes a receipt key with its public part', async () => {
    const lines = await keys(['receipt'])
    const [setting = '', ...more] = settings(lines)
    expect(more).toEqual([])
    expect(setting).toMatch(/^BEES_RECEIPT_KEY=[0-9a-f]{64}$/)
    const jwk: unknown = JSON.parse((lines.at(-1) ?? '').replace(/^# /, ''))
    expect(jwk).toEqual(new SigningKey(setting.split('=')[1] ?? '').publicJwk)
  })

  it('makes a submitter key with the setting that accepts it', async () => {
    const lines = await keys(['submitter'])
    const [setting = ''] = settings(lines)
    expect(setting).toMatch(/^BEES_SUBMITTER_KEY=[0-9a-f]{64}$/)
    const trusted = /^# BEES_TRUSTED_SUBMITTERS='(.+)'$/.exec(lines.at(-1) ?? '')?.[1] ?? ''
    expect(parseTrustedKeys(trusted)).toMatchObject([{ kid: new SigningKey(setting.split('=')[1] ?? '').kid }])
  })

  it('makes the key of a person, with the two settings by which hives know them', async () => {
    const lines = await keys(['approver'])
    const [setting = '', ...more] = settings(lines)
    expect(more).toEqual([])
    expect(setting).toMatch(/^BEES_APPROVER_KEY=[0-9a-f]{64}$/)
    const key = new SigningKey(setting.split('=')[1] ?? '')
    const [trusted = '', approvers = ''] = lines.slice(-2).map((line) => /^# [A-Z_]+='(.+)'$/.exec(line)?.[1] ?? '')
    expect(parseTrustedKeys(trusted)).toMatchObject([{ kid: key.kid }])
    expect(readApprovers({ SECURITY_APPROVERS: approvers })).toEqual([{ name: 'your name', kid: key.kid }])
  })

  it('makes another key each time', async () => {
    const [first, second] = [settings(await keys(['executor'])), settings(await keys(['executor']))]
    for (const lines of [first, second])
      expect(lines).toEqual([expect.stringMatching(/^COLONIES_EXECUTOR_PRVKEY=[0-9a-f]{64}$/)])
    expect(first).not.toEqual(second)
  })

  it('shows public parts of what is set, and no secret', async () => {
    const receipt = '12'.repeat(32)
    const submitter = '34'.repeat(32)
    const approver = '78'.repeat(32)
    const env = {
      ...{ BEES_RECEIPT_KEY: receipt, BEES_SUBMITTER_KEY: submitter, BEES_APPROVER_KEY: approver },
      COLONIES_PRVKEY: '56'.repeat(32),
    }
    const text = (await keys([], env)).join('\n')
    expect(text).toContain(new SigningKey(receipt).publicJwk.x)
    expect(text).toContain(new SigningKey(submitter).publicJwk.x)
    expect(text).toContain(new SigningKey(approver).publicJwk.x)
    for (const secret of Object.values(env)) expect(text).not.toContain(secret)
    expect(await keys([])).toEqual(
      ['BEES_RECEIPT_KEY', 'BEES_SUBMITTER_KEY', 'BEES_APPROVER_KEY'].map((name) => `${name}  not set`),
    )
  })
})
