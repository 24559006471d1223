import type { Action, SecurityEvent } from '../event.ts'
import { at, integerAt, numberAt, textAt } from '../fields.ts'
import { objectIdOf, pathTemplate } from '../path-template.ts'
import { deviceOf, userAgentOf } from '../user-agent.ts'
import type { LineReader } from './line.ts'

const reads = new Set(['GET', 'HEAD'])

/**
 * A request at the API gateway (edge_logs). Sign-ins are not taken from here: the auth server's own log tells them with
 * their reason, and one attempt must not count twice.
 */
export const edgeLine: LineReader = ({ facts }, { pseudonyms }) => {
  const request = at(facts, 'request')
  const path = textAt(request, ['path'], 4096) ?? pathOfUrl(textAt(request, ['url'], 4096))
  if (path === undefined) return undefined
  const search = textAt(request, ['search'], 4096) ?? ''
  const method = textAt(request, ['method'], 16)?.toUpperCase() ?? 'GET'
  const statusCode = integerAt(facts, ['response', 'status_code'], 100, 599)
  const agent = textAt(request, ['headers', 'user_agent'], 2048) ?? ''
  const device = deviceOf(agent)
  const browser = userAgentOf(agent)
  const address = textAt(request, ['headers', 'cf_connecting_ip']) ?? textAt(request, ['headers', 'x_real_ip'])
  const country = textAt(request, ['cf', 'country'], 2) ?? textAt(request, ['headers', 'cf_ipcountry'], 2)
  const object = objectIdOf(path, search)
  const token = at(request, 'sb', 'jwt', 'authorization')
  const badToken = textAt(token, ['invalid'], 256) !== undefined
  return {
    source: 'supabase_edge',
    action: badToken ? 'token_check' : actionOf(path, method, statusCode),
    status_code: statusCode,
    error_code: badToken ? 'bad_jwt' : textAt(facts, ['response', 'headers', 'x_sb_error_code']),
    http_method: method,
    path: pathTemplate(path),
    resource: resourceOf(path),
    object_id: object === undefined ? undefined : pseudonyms.of('object', object),
    object_number: object !== undefined && /^\d{1,10}$/.test(object) ? Number(object) : undefined,
    src_ip: address === undefined ? undefined : pseudonyms.ip(address),
    asn: integerAt(request, ['cf', 'asn'], 0, 4_294_967_295),
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : undefined,
    lat: numberAt(request, ['cf', 'latitude'], -90, 90),
    long: numberAt(request, ['cf', 'longitude'], -180, 180),
    ja3: textAt(request, ['cf', 'botManagement', 'ja3Hash']),
    ua_family: browser?.family,
    ua_kind: browser?.kind,
    device: device === undefined ? undefined : pseudonyms.of('device', device),
    has_referer: textAt(request, ['headers', 'referer'], 4096) !== undefined,
    // Whom a token that does not verify names is its sender's word: nobody is to look guilty, or be hit, because of it.
    user_uid: badToken ? undefined : (textAt(request, ['sb', 'auth_user']) ?? textAt(token, ['payload', 'subject'])),
    session_uid: badToken ? undefined : textAt(token, ['payload', 'session_id']),
    alg: textAt(token, ['payload', 'algorithm']),
    kid: textAt(token, ['payload', 'key_id']),
    ...keyOf(request),
    rows: rowsOf(textAt(facts, ['response', 'headers', 'content_range'])),
    bytes: numberAt(facts, ['response', 'headers', 'content_length'], 0, 1e15),
  }
}

function pathOfUrl(url: string | undefined): string | undefined {
  return /^https?:\/\/[^/?#]+([^?#]*)/i.exec(url ?? '')?.[1]
}

function actionOf(path: string, method: string, statusCode: number | undefined): Action {
  if (path.startsWith('/auth/v1/admin/')) return 'admin_call'
  const isData = /^\/(rest\/v1\/(?!rpc\/)|graphql\/v1|storage\/v1\/object)/.test(path)
  if (!isData) return 'http_request'
  if (statusCode === 401 || statusCode === 403) return 'access_denied'
  if (method === 'DELETE') return 'data_delete'
  return reads.has(method) ? 'data_read' : 'data_write'
}

/** The table, function or bucket: its name, not what is in it. */
function resourceOf(path: string): string | undefined {
  const [, service, name] =
    /^\/(rest)\/v1\/(?:rpc\/)?(\w{1,63})/.exec(path) ??
    /^\/(storage)\/v1\/object\/(?:(?:public|sign|authenticated|list|info)\/)?([\w.-]{1,63})/.exec(path) ??
    /^\/(functions)\/v1\/([\w-]{1,63})/.exec(path) ??
    []
  return name === undefined ? undefined : service === 'rest' ? name : `${service}/${name}`
}

/** The API key that came along. Its hash or its prefix names it; the key itself is not in the log. */
function keyOf(request: unknown): { api_key_id?: string; api_key_type?: SecurityEvent['api_key_type'] } {
  const key = at(request, 'sb', 'apikey', 'apikey')
  const legacy = at(request, 'sb', 'jwt', 'apikey')
  // A key that is none says only what its sender wrote into it: anybody could have a real one disabled by imitating it.
  if (textAt(key, ['error'], 256) !== undefined || textAt(legacy, ['invalid'], 256) !== undefined) return {}
  const prefix = textAt(key, ['prefix'])
  const hash = textAt(key, ['hash'], 128)?.slice(0, 24)
  const role = textAt(legacy, ['payload', 'role'])
  const id = hash ?? prefix ?? (role === undefined ? undefined : `legacy:${role}`)
  const kind = prefix?.startsWith('sb_secret') || role === 'service_role' ? 'secret' : 'publishable'
  return id === undefined ? {} : { api_key_id: id, api_key_type: kind }
}

/** `0-24/*` are 25 rows, `*`/0 none. */
function rowsOf(range: string | undefined): number | undefined {
  if (range === undefined) return undefined
  if (range.startsWith('*/')) return 0
  const [, from, to] = /^(\d{1,12})-(\d{1,12})\//.exec(range) ?? []
  return from === undefined || to === undefined ? undefined : Math.max(0, Number(to) - Number(from) + 1)
}
