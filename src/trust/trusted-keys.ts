import { z } from 'zod'
import { BeeError } from '../errors.ts'
import { publicKeyProblem } from './public-key.ts'
import { thumbprint } from './thumbprint.ts'
import type { TrustedKey } from './types.ts'

/** Seconds since 1970, or RFC 3339 for people who write the list by hand. */
const time = z.union(
  [
    z.int().min(0).max(250_000_000_000),
    z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1000)),
  ],
  { error: 'expected seconds since 1970 or an RFC 3339 time' },
)

const entries = z.array(
  z.strictObject({
    kid: z.string().optional(),
    x: z.string(),
    notBefore: time.optional(),
    notAfter: time.optional(),
  }),
)

/**
 * The submitters whose envelopes are accepted, from BEES_TRUSTED_SUBMITTERS: a JSON array of
 * `{ kid?, x, notBefore?, notAfter? }`. To rotate, add the new key, let the submitters change over, and give the old one
 * a `notAfter` that is later than its last envelope's expiry.
 *
 * @throws BeeError BEE_CONFIG_INVALID which names the entry and what was expected there.
 */
export function parseTrustedKeys(json: string, variable = 'BEES_TRUSTED_SUBMITTERS'): readonly TrustedKey[] {
  const invalid = (problem: string) => new BeeError('BEE_CONFIG_INVALID', `${variable}: ${problem}`)
  const parsed = entries.safeParse(parseJson(json))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const [index, member = ''] = issue?.path ?? []
    const at = index === undefined ? '' : `; at [${String(index)}] ${String(member)}: ${issue?.message}`
    throw invalid(`expected a JSON array of { kid?, x, notBefore?, notAfter? }${at}`)
  }
  const kids = new Set<string>()
  return parsed.data.map((entry, index) => {
    const problem = publicKeyProblem(entry.x)
    if (problem !== undefined) throw invalid(`[${index}].x: ${problem}`)
    const kid = thumbprint(entry.x)
    if (entry.kid !== undefined && entry.kid !== kid) {
      throw invalid(`[${index}].kid: expected the RFC 7638 thumbprint ${kid}, received ${JSON.stringify(entry.kid)}`)
    }
    if (kids.has(kid)) throw invalid(`[${index}]: the key ${kid} is listed twice`)
    if (entry.notBefore !== undefined && entry.notAfter !== undefined && entry.notAfter <= entry.notBefore) {
      throw invalid(`[${index}]: expected notAfter later than notBefore`)
    }
    kids.add(kid)
    return Object.freeze({ kid, x: entry.x, notBefore: entry.notBefore, notAfter: entry.notAfter })
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
