import { status } from '../event.ts'
import { integerAt, textAt } from '../fields.ts'
import { pathTemplate } from '../path-template.ts'
import { userAgentOf } from '../user-agent.ts'
import type { LineReader } from './line.ts'

/** A line of the storage server. The gateway tells of each request already; here only who was refused. */
export const storageLine: LineReader = ({ facts }, { pseudonyms }) => {
  const statusCode =
    integerAt(facts, ['res', 'statusCode'], 100, 599) ?? integerAt(facts, ['rawError', 'statusCode'], 100, 599)
  if (statusCode !== 401 && statusCode !== 403) return undefined
  const address = textAt(facts, ['req', 'remoteAddress'])
  const path = textAt(facts, ['req', 'url'], 4096)
  return {
    source: 'supabase_storage',
    action: 'access_denied',
    status_id: status.failure,
    status_code: statusCode,
    http_method: textAt(facts, ['req', 'method'], 16),
    path: path === undefined ? undefined : pathTemplate(path.startsWith('/storage/') ? path : `/storage/v1${path}`),
    user_uid: textAt(facts, ['owner']) ?? textAt(facts, ['userId']),
    src_ip: address === undefined ? undefined : pseudonyms.ip(address),
  }
}

/** A request to an edge function. What the function prints is not read. */
export const functionLine: LineReader = ({ facts }, { pseudonyms }) => {
  const url = textAt(facts, ['request', 'url'], 4096) ?? textAt(facts, ['request', 'pathname'], 4096)
  const path = url === undefined ? undefined : (/^https?:\/\/[^/?#]+([^?#]*)/i.exec(url)?.[1] ?? url)
  const address =
    textAt(facts, ['request', 'headers', 'cf_connecting_ip']) ?? textAt(facts, ['request', 'headers', 'x_real_ip'])
  const browser = userAgentOf(textAt(facts, ['request', 'headers', 'user_agent'], 2048) ?? '')
  return {
    source: 'supabase_functions',
    action: 'http_request',
    status_code: integerAt(facts, ['response', 'status_code'], 100, 599),
    http_method: textAt(facts, ['request', 'method'], 16),
    path: path === undefined ? undefined : pathTemplate(path),
    resource: `functions/${textAt(facts, ['function_id']) ?? 'unknown'}`,
    user_uid: textAt(facts, ['request', 'sb', 'auth_user']),
    src_ip: address === undefined ? undefined : pseudonyms.ip(address),
    ua_family: browser?.family,
    ua_kind: browser?.kind,
  }
}
