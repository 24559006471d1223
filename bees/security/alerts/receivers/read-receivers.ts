import { BeeError, type Environment, z } from '../../../../src/bee/index.ts'
import { isAllowedAddress } from '../wire/allowed-address.ts'
import { type Receiver, receiver } from './receiver.ts'

export interface ReceiverSettings {
  readonly receivers: readonly Receiver[]
  /** Receivers on the own machine or network, and without TLS, are allowed. */
  readonly allowPrivate: boolean
}

const variable = 'SECURITY_RECEIVERS'
const list = z.array(receiver).max(50, 'expected at most 50 receivers')

/**
 * From SECURITY_RECEIVERS (JSON) and SECURITY_ALLOW_PRIVATE_RECEIVERS. No variable: nobody is told of anything.
 *
 * @throws BeeError BEE_CONFIG_INVALID with every mistake at once; nothing of what was given stands in it but known names
 */
export function readReceivers(env: Environment): ReceiverSettings {
  const allow = env['SECURITY_ALLOW_PRIVATE_RECEIVERS'] || 'false'
  const text = env[variable] || '[]'
  const mistakes: string[] = []
  if (allow !== 'true' && allow !== 'false') mistakes.push('SECURITY_ALLOW_PRIVATE_RECEIVERS: expected true or false')
  const allowPrivate = allow === 'true'
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    mistakes.push(`${variable}: expected a JSON array of receivers`)
  }
  const parsed = list.safeParse(given)
  if (given !== undefined && !parsed.success) mistakes.push(...parsed.error.issues.flatMap(mistakesOf))
  if (parsed.success) mistakes.push(...parsed.data.flatMap((one, at) => contradictions(one, at, allowPrivate)))
  if (parsed.success) mistakes.push(...doubles(parsed.data))
  if (mistakes.length > 0) {
    throw new BeeError('BEE_CONFIG_INVALID', `The receivers of alerts are not usable.\n  ${mistakes.join('\n  ')}`)
  }
  return Object.freeze({ receivers: Object.freeze(parsed.data ?? []), allowPrivate })
}

type Issue = z.core.$ZodIssue

/** Our own texts as they are; zod's where they say what was expected, which is never what was received. */
function mistakesOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Of several possibilities the last is the whole one (route: false or an object).
    const inner = issue.errors.at(-1) ?? []
    return inner.flatMap((one) => mistakesOf({ ...one, path: [...issue.path, ...one.path] } as Issue))
  }
  const where = [variable, ...issue.path].join('.').replace(/\.(\d+)/g, '[$1]')
  if (issue.code !== 'unrecognized_keys') return [`${where}: ${issue.message}`]
  const known = issue.keys.map((key) => (/^[a-z_]{1,32}$/.test(key) ? key : 'one that is no name'))
  return [`${where}: unknown member ${known.join(', ')}`]
}

/** What no single member can tell. */
function contradictions(one: Receiver, at: number, allowPrivate: boolean): readonly string[] {
  const where = `${variable}[${at}]`
  const urls = Object.entries({
    url: 'url' in one ? one.url : undefined,
    api_url: 'api_url' in one ? one.api_url : undefined,
  })
  const mistakes = urls.flatMap(([member, url]) => {
    if (url === undefined || allowPrivate) return []
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    const isPrivate = /^[\d.]+$|:/.test(literal) && !isAllowedAddress(literal, false)
    return [
      ...(url.protocol === 'https:' ? [] : [`${where}.${member}: expected https (${ownNetwork})`]),
      ...(isPrivate ? [`${where}.${member}: expected a public address (${ownNetwork})`] : []),
    ]
  })
  if (one.kind !== 'email') return mistakes
  if (one.tls === 'none' && !allowPrivate) mistakes.push(`${where}.tls: expected implicit or starttls (${ownNetwork})`)
  if (one.tls === 'none' && one.password !== undefined)
    mistakes.push(`${where}.tls: expected implicit or starttls, since a password would travel in clear`)
  if ((one.user === undefined) !== (one.password === undefined))
    mistakes.push(`${where}: expected user and password together`)
  return mistakes
}

const ownNetwork = 'for receivers of your own network see SECURITY_ALLOW_PRIVATE_RECEIVERS'

function doubles(receivers: readonly Receiver[]): readonly string[] {
  const names = receivers.map(({ name }) => name)
  return receivers.flatMap(({ name }, at) =>
    names.indexOf(name) < at ? [`${variable}[${at}].name: expected a name of its own`] : [],
  )
}
