import type { EventsSecret } from './types.ts'

/** The word among sources that stands for lines of a log drain. */
const drain = 'drain'

interface Entry {
  readonly tenant: string
  readonly secret: string
  /** Undefined: the entry names none. */
  readonly names: readonly string[] | undefined
}

/**
 * What each entry of SECURITY_EVENTS_SECRETS may say: `secret`, `tenant:secret`, `tenant:sources:secret` (no tenant before
 * the first colon: the home tenant), sources joined by `+`, `drain` among them for the lines of a log drain.
 *
 * An entry that names nothing speaks for an application: of any source that is nobody else's. Lines of a drain are taken
 * from it only as long as no entry of its tenant names the drain.
 *
 * @param entries in a form that the configuration has checked
 */
export function eventsSecrets(entries: readonly string[], homeTenant: string): readonly EventsSecret[] {
  const read = entries.map((entry) => entryOf(entry, homeTenant))
  return read.map(({ tenant, secret, names }) => {
    const named = read.flatMap((one) => (one.tenant === tenant ? (one.names ?? []) : []))
    if (names !== undefined) {
      const sources = names.filter((name) => name !== drain)
      return { tenant, secret, mandate: { drain: names.includes(drain), sources } }
    }
    const others = [...new Set(named)].filter((name) => name !== drain).sort()
    return { tenant, secret, mandate: { drain: !named.includes(drain), others } }
  })
}

function entryOf(entry: string, homeTenant: string): Entry {
  const parts = entry.split(':')
  const secret = parts.at(-1) ?? ''
  const tenant = parts.length > 1 && parts[0] !== '' ? (parts[0] ?? homeTenant) : homeTenant
  return { tenant, secret, names: parts.length > 2 ? parts[1]?.split('+') : undefined }
}
