import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { configVariables, loadConfig } from '../src/config.ts'
import { BeeError } from '../src/errors.ts'

const key = 'ab'.repeat(32)

function mistake(env: Record<string, string>): string {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof BeeError && error.code === 'BEE_CONFIG_INVALID') return error.message
    throw error
  }
  throw new Error('expected BEE_CONFIG_INVALID')
}

describe('the configuration', () => {
  it('needs nothing: the defaults are the local hive', () => {
    expect(loadConfig({})).toMatchObject({
      COLONIES_COLONY_NAME: 'dev',
      BEES_PORT: 8787,
      BEES_POLL_SECONDS: 10,
      STRIPE_LIVEMODE: 'any',
      STRIPE_ACCOUNTS: ['own'],
    })
  })

  it('takes an empty variable as absent and ignores foreign ones', () => {
    expect(loadConfig({ SUPABASE_URL: '', PATH: '/bin', HOME: '' }).SUPABASE_URL).toBeUndefined()
  })

  it('splits lists and strips trailing slashes', () => {
    const config = loadConfig({
      STRIPE_WEBHOOK_SECRET: 'whsec_a, whsec_b,',
      SUPABASE_URL: 'https://x.test/',
      SUPABASE_SECRET_KEY: 's',
      BEES_ONLY: 'finance',
      STRIPE_ACCOUNTS: 'own, acct_1A',
    })
    expect(config).toMatchObject({
      STRIPE_WEBHOOK_SECRET: ['whsec_a', 'whsec_b'],
      SUPABASE_URL: 'https://x.test',
      BEES_ONLY: ['finance'],
      STRIPE_ACCOUNTS: ['own', 'acct_1A'],
    })
  })

  const malformed: readonly (readonly [string, string])[] = [
    ['COLONIES_SERVER_PORT', 'many'],
    ['COLONIES_SERVER_PORT', '70000'],
    ['COLONIES_SERVER_TLS', 'yes'],
    ['COLONIES_COLONY_NAME', 'a:b'],
    ['COLONIES_COLONY_PRVKEY', 'SECRETabc'],
    ['COLONIES_EXECUTOR_NAME', 'has space'],
    ['COLONIES_EXECUTOR_PRVKEY', key.slice(2)],
    ['COLONIES_PRVKEY', `${key}00`],
    ['SUPABASE_URL', 'ftp://x'],
    ['DATABASE_URL', 'mysql://SECRET@x'],
    ['STRIPE_LIVEMODE', 'maybe'],
    ['STRIPE_ACCOUNTS', 'own,any'],
    ['STRIPE_ACCOUNTS', 'self'],
    ['STRIPE_ACCOUNTS', ','],
    ['BEES_PORT', '-1'],
    ['BEES_URL', 'nonsense'],
    ['BEES_RECEIPT_KEY', 'zz'.repeat(32)],
    ['BEES_SUBMITTER_KEY', 'SECRET'],
    ['BEES_SLOTS', '0'],
    ['BEES_POLL_SECONDS', '61'],
    ['BEES_DRAIN_SECONDS', '0'],
    ['BEES_LIVENESS_SECONDS', '-5'],
    ['BEES_WEBHOOK_MAX_BYTES', '1.5'],
    ['BEES_LOG_LEVEL', 'loud'],
  ]
  it.each(malformed)('refuses %s=%s, names it and does not repeat the value', (name, value) => {
    const text = mistake({ [name]: value })
    expect(text).toContain(name)
    if (value.includes('SECRET')) expect(text).not.toContain('SECRET')
  })

  it('tells all mistakes at once', () => {
    const text = mistake({ BEES_PORT: 'x', COLONIES_PRVKEY: 'y' })
    expect(text).toMatch(/BEES_PORT[\s\S]*COLONIES_PRVKEY|COLONIES_PRVKEY[\s\S]*BEES_PORT/)
  })

  it.each([
    [{ SUPABASE_URL: 'https://x.test' }, 'SUPABASE_SECRET_KEY'],
    [{ SUPABASE_URL: 'https://x.test', SUPABASE_SECRET_KEY: 's', COLONIES_SERVER_HOST: 'h' }, 'BEES_RECEIPT_KEY'],
    [{ COLONIES_SERVER_HOST: 'h', STRIPE_WEBHOOK_SECRET: 'w' }, 'COLONIES_PRVKEY'],
  ])('%o needs %s', (env, missing) => expect(mistake(env)).toContain(missing))

  it('is documented, every variable of it and nothing else', () => {
    const text = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8')
    const documented = [...text.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map((match) => `${match[1]}: ${match[2]}`)
    expect(documented).toEqual(configVariables.map(({ name, description }) => `${name}: ${description}`))
  })
})
