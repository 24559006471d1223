/** Who may call what. Every check throws the refusal that the original gives. */

import type { Caller, ServerContext } from './context.ts'
import type { Colony, Executor, User } from './directory.ts'
import { forbidden } from './refusal.ts'

export type Member =
  | { readonly kind: 'executor'; readonly executor: Executor; readonly id: string; readonly name: string }
  | { readonly kind: 'user'; readonly user: User; readonly id: string; readonly name: string }

/** Refuses with 403 unless the caller owns the server. */
export function requireServerOwner(caller: Caller, context: ServerContext): void {
  if (caller.id !== context.directory.serverId()) throw forbidden('only the owner of the server may do this')
}

/** Refuses with 403 an unknown colony or a caller who does not own it. */
export function requireColonyOwner(colonyname: string, caller: Caller, context: ServerContext): Colony {
  const colony = requireColony(colonyname, context)
  if (caller.id !== colony.colonyid) throw forbidden(`only the owner of colony <${colonyname}> may do this`)
  return colony
}

/** Refuses an unknown colony, with 403 unless told otherwise. */
export function requireColony(colonyname: string, context: ServerContext, refuse = forbidden): Colony {
  const colony = context.directory.colony(colonyname)
  if (colony === undefined) throw refuse(`there is no colony with the name <${colonyname}>`)
  return colony
}

/** An approved executor or a user of the colony; anybody else, the owner included, is refused with 403. */
export function requireMember(colonyname: string, caller: Caller, context: ServerContext): Member {
  requireColony(colonyname, context)
  const member = memberOf(colonyname, caller.id, context)
  if (member !== undefined) return member
  throw notMember(colonyname)
}

/** An executor in any state or a user of the colony. */
export function requireLooseMember(colonyname: string, caller: Caller, context: ServerContext): Member {
  requireColony(colonyname, context)
  const member = memberOf(colonyname, caller.id, context, false)
  if (member !== undefined) return member
  throw notMember(colonyname)
}

/** The member with this identity, if there is one. */
export function memberOf(
  colonyname: string,
  id: string,
  context: ServerContext,
  approvedOnly = true,
): Member | undefined {
  const executor = executorById(colonyname, id, context)
  if (executor !== undefined && (executor.state === 1 || !approvedOnly)) {
    return { kind: 'executor', executor, id, name: executor.executorname }
  }
  const user = context.directory.users(colonyname).find((one) => one.userid === id)
  return user === undefined ? undefined : { kind: 'user', user, id, name: user.name }
}

/** The executor with this identity: an approved one before others that share the key. */
export function executorById(colonyname: string, id: string, context: ServerContext): Executor | undefined {
  const sharing = context.directory.executorsWithId(colonyname, id)
  return sharing.find((one) => one.state === 1) ?? sharing[0]
}

export function notMember(colonyname: string): Error {
  return forbidden(`the caller is not a member of colony <${colonyname}>`)
}
