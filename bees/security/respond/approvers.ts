import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { BeeError, type Environment, z } from '../../../src/bee/index.ts'

/** Somebody who may decide about responses. */
export interface Approver {
  readonly name: string
  /** RFC 7638 thumbprint of the key: what the hive knows of whoever signed an envelope. */
  readonly kid: string
  /** The person's own id in auth.users, where it is known: no response ever touches it or its addresses. */
  readonly user?: string
}

const variable = 'SECURITY_APPROVERS'
const listed = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[^\p{C}]{1,100}$/u, 'expected 1 to 100 printable characters'),
      x: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected an Ed25519 public key, 43 characters of base64url'),
      user: z.uuid().optional(),
    }),
  )
  .max(100)

/**
 * The people of SECURITY_APPROVERS: `[{"name":"ada","x":"<public key>","user":"<id in auth.users>"}]`. Without the variable
 * nobody can decide, so that nothing but `auto` is ever carried out. One person may have several keys.
 *
 * @throws BeeError BEE_CONFIG_INVALID for a list that cannot be read, a key that stands there twice, and the hive's own key:
 * a machine is no approver
 */
export function readApprovers(env: Environment): readonly Approver[] {
  const text = env[variable] ?? ''
  if (text === '') return []
  const parsed = listed.safeParse(parseJson(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.length ? ` at ${issue.path.join('.')}` : ''
    throw invalid(`expected [{"name", "x", "user"?}]${where}: ${issue?.message}`)
  }
  const machine = machineKid(env['BEES_SUBMITTER_KEY'])
  const people = parsed.data.map(({ name, x, user }) => {
    const kid = thumbprint(x)
    if (kid === machine)
      throw invalid(`${name} has the key of the hive itself (BEES_SUBMITTER_KEY), which is no person`)
    return Object.freeze({ name, kid, ...(user === undefined ? {} : { user: user.toLowerCase() }) })
  })
  if (new Set(people.map(({ kid }) => kid)).size < people.length) throw invalid('a key stands there twice')
  return Object.freeze(people)
}

/** RFC 7638. */
function thumbprint(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, 'utf8').digest('base64url')
}

/** DER of a PKCS #8 Ed25519 private key up to its seed (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

function machineKid(seed: string | undefined): string | undefined {
  if (seed === undefined || !/^[0-9a-fA-F]{64}$/.test(seed)) return undefined
  const key = Buffer.concat([pkcs8Prefix, Buffer.from(seed, 'hex')])
  const { x } = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' })).export({ format: 'jwk' })
  return thumbprint(String(x))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const invalid = (problem: string) => new BeeError('BEE_CONFIG_INVALID', `${variable}: ${problem}`)
