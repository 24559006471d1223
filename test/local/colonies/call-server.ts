/** Raw signed calls and frames with the recorded test keys, for tests of the local Colonies server. */

import { readFileSync } from 'node:fs'

import { WebSocket } from 'ws'

import { parsePrivateKey, sign } from '../../../src/colonies/index.ts'
import {
  type ColoniesServer,
  type ColoniesServerOptions,
  startColoniesServer,
} from '../../../src/local/colonies/index.ts'

interface Role {
  readonly prvkey: string
  readonly id: string
}

const keysFile = new URL('../../contract/colonies/keys.json', import.meta.url)
const { roles } = JSON.parse(readFileSync(keysFile, 'utf8')) as { readonly roles: Readonly<Record<string, Role>> }

export function roleOf(name: string): Role {
  const role = roles[name]
  if (role === undefined) throw new Error(`no role ${name}`)
  return role
}

/** What tests read from replies: they name the fields that they look at. */
export type Payload = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly payload: Payload
}

export function envelopeOf(role: string, msgtype: string, request: Readonly<Record<string, unknown>>): string {
  const payload = Buffer.from(JSON.stringify({ ...request, msgtype }), 'utf8').toString('base64')
  const signature = sign(payload, parsePrivateKey(roleOf(role).prvkey))
  return JSON.stringify({ payloadtype: msgtype, payload, signature })
}

export function openEnvelope<T = Payload>(body: string): T {
  return JSON.parse(Buffer.from(JSON.parse(body).payload, 'base64').toString('utf8'))
}

export async function call(
  server: Pick<ColoniesServer, 'url'>,
  role: string,
  msgtype: string,
  request: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}/api`, { method: 'POST', body: envelopeOf(role, msgtype, request) })
  const body = await response.text()
  return { status: response.status, payload: body === '' ? {} : openEnvelope(body) }
}

/** `call` that must succeed; gives the payload. */
export async function ask<T = Payload>(
  server: Pick<ColoniesServer, 'url'>,
  role: string,
  msgtype: string,
  request: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const { status, payload } = await call(server, role, msgtype, request)
  if (status !== 200) throw new Error(`${msgtype} by ${role}: ${status} ${JSON.stringify(payload)}`)
  return payload as T
}

export function startServer(
  databaseUrl: string,
  options: Partial<ColoniesServerOptions> = {},
): Promise<ColoniesServer> {
  return startColoniesServer({ databaseUrl, serverId: roleOf('serverOwner').id, ...options })
}

/** Colony `dev` with `user`, and approved executors A to C of the types type-a to type-c. */
export async function populate(server: ColoniesServer, colonyname = 'dev', owner = 'colonyOwner'): Promise<void> {
  await ask(server, 'serverOwner', 'addcolonymsg', { colony: { colonyid: roleOf(owner).id, name: colonyname } })
  const user = { colonyname, userid: roleOf('user').id, name: 'user', email: '', phone: '' }
  await ask(server, owner, 'addusermsg', { user })
  for (const letter of ['A', 'B', 'C']) await addExecutor(server, colonyname, owner, letter)
}

export async function addExecutor(
  server: ColoniesServer,
  colonyname: string,
  owner: string,
  letter: string,
): Promise<void> {
  const executorname = `executor-${letter.toLowerCase()}`
  const executortype = `type-${letter.toLowerCase()}`
  const executor = { executorid: roleOf(`executor${letter}`).id, executortype, executorname, colonyname }
  await ask(server, owner, 'addexecutormsg', { executor })
  await ask(server, owner, 'approveexecutormsg', { colonyname, executorname })
}

export interface NodeOptions {
  readonly dependencies?: readonly string[]
  readonly maxexectime?: number
  readonly maxretries?: number
  readonly channels?: readonly string[]
}

/** A function specification, as a single process or a node of a workflow. */
export function node(nodename: string, executortype: string, options: NodeOptions = {}) {
  const { dependencies = [], ...limits } = options
  const conditions = { colonyname: 'dev', executortype, dependencies }
  return { nodename, funcname: 'f', maxwaittime: -1, maxexectime: 60, maxretries: 3, conditions, ...limits }
}

export function openSocket(server: ColoniesServer): Promise<WebSocket> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/pubsub`)
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket)).once('error', reject)
  })
}

/** The next frame of a socket, opened. */
export function nextFrame<T = Payload>(socket: WebSocket): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.once('message', (data) => resolve(openEnvelope<T>(String(data))))
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
  })
}

export function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.once('close', resolve)
  })
}
