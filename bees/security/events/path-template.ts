import { isPersonal } from './scrub-text.ts'

const longestSegment = 48
const mostSegments = 12
const longestPath = 200

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const hex = /^[0-9a-f]{12,}$/i
/** Long, with letters and digits mixed: an id or a token, not a word. */
const mixed = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_=+.-]{20,}$/

/**
 * A path with ids replaced, so that requests for a thousand orders are one path: /rest/v1/orders/17?x=1 becomes
 * /rest/v1/orders/:id. Names of stored files are replaced as a whole, since people name files after people.
 */
export function pathTemplate(text: string): string {
  const path = (text.split(/[?#]/, 1)[0] ?? '').slice(0, 2048)
  const segments = path.split('/').filter((segment) => segment !== '')
  const file = /^\/storage\/v1\/(?:object|render\/image)\//.test(path)
    ? segments.findIndex(
        (segment, index) => index > 2 && !/^(public|sign|authenticated|list|info|upload|image)$/.test(segment),
      )
    : -1
  const kept = segments.slice(0, mostSegments).map((segment, index) => {
    if (file !== -1 && index > file) return ':object'
    return segmentOf(segment)
  })
  const folded = kept.filter((segment, index) => segment !== ':object' || kept[index - 1] !== ':object')
  if (segments.length > mostSegments) folded.push(':more')
  return `/${folded.join('/')}`.slice(0, longestPath)
}

function segmentOf(raw: string): string {
  const segment = decoded(raw)
  if (uuid.test(segment) || /^-?\d+$/.test(segment)) return ':id'
  if (isPersonal(segment) || segment.includes('@')) return ':personal'
  if (hex.test(segment) || mixed.test(segment)) return ':id'
  if (segment.length > longestSegment) return ':long'
  // Nothing invisible, nothing that is not part of a path: it goes into logs, alerts and terminals.
  return segment.replace(/[^\w.~!$&'()*+,;=:@-]/g, '_')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The id that a request asks for: the last one in its path, or `id=eq.17` in its query. */
export function objectIdOf(path: string, query: string): string | undefined {
  const filtered = /(?:^|[?&])(?:id|uuid|\w{1,30}_id)=eq\.([A-Za-z0-9-]{1,64})(?:&|$)/.exec(query)
  if (filtered?.[1] !== undefined) return filtered[1]
  const last =
    (path.split(/[?#]/, 1)[0] ?? '')
      .split('/')
      .filter((segment) => segment !== '')
      .at(-1) ?? ''
  return uuid.test(last) || /^\d{1,15}$/.test(last) ? last : undefined
}
