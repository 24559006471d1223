/** What follows for a graph when one of its processes changed. Pure. */

import type { ProcessState } from '../process-row.ts'

export interface Member {
  readonly processid: string
  readonly state: ProcessState
  readonly waitforparents: boolean
  readonly parents: readonly string[]
  readonly children: readonly string[]
}

export interface Resolution {
  /** State of the whole graph. */
  readonly state: ProcessState
  /** Processes that fail because a parent failed: all that are not failed yet, finished and running ones too. */
  readonly failed: readonly string[]
  /** Processes that no longer wait for parents. */
  readonly released: readonly string[]
}

/**
 * One failed parent fails the whole graph; a failed leaf only marks the graph, its waiting neighbours still run.
 * A parent that was deleted counts as failed.
 */
export function resolveMembers(members: readonly Member[]): Resolution {
  const reachable = inOrder(members)
  const stateOf = new Map(members.map((member) => [member.processid, member.state]))
  const parentStates = (member: Member) => member.parents.map((id) => stateOf.get(id) ?? 3)

  if (reachable.some((member) => parentStates(member).includes(3))) {
    const failed = reachable.filter((member) => member.state !== 3).map((member) => member.processid)
    return { state: 3, failed, released: [] }
  }
  const released = reachable
    .filter((member) => member.waitforparents && parentStates(member).every((state) => state === 2))
    .map((member) => member.processid)
  return { state: graphState(reachable.map((member) => member.state)), failed: [], released }
}

function graphState(states: readonly ProcessState[]): ProcessState {
  if (states.includes(3)) return 3
  if (states.includes(4)) return 4
  if (states.every((state) => state === 2)) return 2
  return states.includes(1) || states.includes(2) ? 1 : 0
}

/** Members from the roots downwards, depth first, each once; what is only reachable through a cycle is left out. */
export function inOrder<M extends Pick<Member, 'processid' | 'parents' | 'children'>>(
  members: readonly M[],
): readonly M[] {
  const byId = new Map(members.map((member) => [member.processid, member]))
  const visited = new Set<M>()
  const pending = members.filter((member) => member.parents.length === 0).reverse()
  for (let member = pending.pop(); member !== undefined; member = pending.pop()) {
    if (visited.has(member)) continue
    visited.add(member)
    for (const id of [...member.children].reverse()) {
      const child = byId.get(id)
      if (child !== undefined) pending.push(child)
    }
  }
  return [...visited]
}
