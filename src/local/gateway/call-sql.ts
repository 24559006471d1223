/**
 * The SQL of one call. Everything goes over in one message, which the server answers in one: begin, settings, call,
 * commit. It stops at the first error. Values are therefore literals, quoted here and nowhere else.
 */

import type { Caller } from './caller.ts'
import type { FunctionCall } from './resolve-function.ts'
import type { SchemaCache } from './schema-cache.ts'

/** Only with standard_conforming_strings on, which the pool sets for each connection: a backslash is no escape then. */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new RangeError('Postgres text holds no NUL.')
  return `'${text.replaceAll("'", "''")}'`
}

export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new RangeError('Postgres names hold no NUL.')
  return `"${name.replaceAll('"', '""')}"`
}

export interface CallRequest {
  readonly call: FunctionCall
  readonly caller: Caller
  readonly method: 'GET' | 'HEAD' | 'POST'
  /** Of a POST: the JSON text as it came, so that no number loses a digit. */
  readonly bodyText: string
  /** Of a GET: the arguments as text. */
  readonly query: ReadonlyMap<string, string>
  readonly argumentNames: readonly string[]
}

/** Begin and settings. */
export function preludeSql(cache: SchemaCache, { call, caller, method }: CallRequest): string {
  const { default_transaction_isolation: isolation, ...settings } = {
    ...cache.roleSettings.get('authenticator'),
    ...cache.roleSettings.get(caller.role),
    ...call.function.hoisted,
  }
  const readOnly = method !== 'POST' || call.function.readOnly
  const level = isolation !== undefined && /^[a-z ]+$/i.test(isolation) ? ` isolation level ${isolation}` : ''
  const values: Record<string, string> = {
    search_path: '"public", "extensions"',
    role: caller.role,
    'request.jwt.claims': caller.claims,
    'request.method': method,
    'request.path': `/rpc/${call.function.name}`,
    ...settings,
  }
  const calls = Object.entries(values).map(
    ([name, value]) => `set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`,
  )
  return `begin${level}${readOnly ? ' read only' : ''}; select ${calls.join(', ')};`
}

/** The call itself, which gives one row with the JSON text of the answer in `body`. */
export function callSql({ call, method, bodyText, query, argumentNames }: CallRequest): string {
  const { function: target, wholeBody } = call
  const name = `public.${quoteIdentifier(target.name)}`
  if (wholeBody !== undefined) return selectBody(call, `${name}(${quoteLiteral(bodyText)}::${wholeBody.type})`, '')
  const used = target.parameters.filter((parameter) => argumentNames.includes(parameter.name))
  const assign = (value: (name: string, type: string) => string): string =>
    used.map((p) => `${p.variadic ? 'variadic ' : ''}${quoteIdentifier(p.name)} := ${value(p.name, p.type)}`).join(', ')
  if (method !== 'POST' || used.length === 0) {
    const typed = assign((argument, type) => `${quoteLiteral(query.get(argument) ?? '')}::${type}`)
    return selectBody(call, `${name}(${typed})`, '')
  }
  const columns = used.map((p) => `${quoteIdentifier(p.name)} ${p.type}`).join(', ')
  const record = `json_to_record(${quoteLiteral(bodyText)}::json) as argument (${columns})`
  return selectBody(call, `${name}(${assign((argument) => `argument.${quoteIdentifier(argument)}`)})`, record)
}

function selectBody({ function: { returns, set } }: FunctionCall, invocation: string, record: string): string {
  const from = record === '' ? '' : ` from ${record}`
  if (returns === 'void' && !set) return `select ${invocation}::text as body${from}`
  if (returns === 'json' && !set) return `select ${invocation}::text as body${from}`
  if (returns === 'scalar' && !set) return `select to_json(${invocation})::text as body${from}`
  const source = `${record === '' ? '' : `${record} cross join lateral `}${invocation} as result`
  // The alias of a function that returns no row stands for the value itself.
  if (set) return `select coalesce(json_agg(to_json(result)), '[]'::json)::text as body from ${source}`
  return `select to_json(result)::text as body from ${source}`
}
