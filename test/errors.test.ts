import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BeeError, catalogue, toBeeError } from '../src/errors.ts'

describe('the error catalogue', () => {
  it('is documented, every code with its class, meaning and next step, and nothing else', () => {
    const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
    const rows = text.matchAll(/^\| `(BEE_[A-Z_]+)` \| `([a-z_]+)` \| (.+) \| (.+) \|$/gm)
    const documented = [...rows].map((match) => match.slice(1))
    const known = Object.entries(catalogue).map(([code, { failure, meaning, next }]) => [code, failure, meaning, next])
    expect(documented).toEqual(known)
  })

  it('gives an error its class, and lets the place override it', () => {
    expect(new BeeError('BEE_FENCED').failure).toBe('fenced')
    expect(new BeeError('BEE_FENCED', 'x', { failure: 'retryable' }).failure).toBe('retryable')
    expect(new BeeError('BEE_FENCED').next).not.toBe('')
  })

  it('wraps a foreign error and keeps it as the cause', () => {
    const cause = new TypeError('boom')
    expect(toBeeError(cause, 'BEE_HANDLER_FAILED')).toMatchObject({
      code: 'BEE_HANDLER_FAILED',
      message: 'boom',
      cause,
    })
    const own = new BeeError('BEE_DEADLINE')
    expect(toBeeError(own)).toBe(own)
  })
})
