import type { Json } from '../json.ts'
import type { ProcessState } from '../process-row.ts'
import type { FormatTime } from '../time.ts'
import type { Graph, GraphMember } from './graph-store.ts'
import { inOrder } from './resolve-members.ts'

/** The members as seen from the roots: what lists and single graphs show. */
export function graphJson(graph: Graph, members: readonly GraphMember[], formatTime: FormatTime): Json {
  return document(graph, members, inOrder(members), formatTime, { nodes: [], edges: [] })
}

/** The reply to a submission: no times, no layout, every member, reachable or not. */
export function submittedGraphJson(graph: Graph, members: readonly GraphMember[], formatTime: FormatTime): Json {
  const untimed = { ...graph, submissiontime: 0 }
  return document(untimed, members, members.length === 0 ? null : members, formatTime, { nodes: [], edges: [] })
}

/** A single graph, with nodes and edges for drawing. */
export function drawnGraphJson(graph: Graph, members: readonly GraphMember[], formatTime: FormatTime): Json {
  const reachable = inOrder(members)
  return document(graph, members, reachable, formatTime, { nodes: drawNodes(reachable), edges: drawEdges(reachable) })
}

function document(
  graph: Graph,
  members: readonly GraphMember[],
  shown: readonly GraphMember[] | null,
  formatTime: FormatTime,
  drawing: { readonly nodes: Json; readonly edges: Json },
): Json {
  const roots = members.filter((member) => member.parents.length === 0).map((member) => member.processid)
  return {
    processgraphid: graph.processgraphid,
    initiatorid: graph.initiatorid,
    initiatorname: graph.initiatorname,
    colonyname: graph.colonyname,
    rootprocessids: roots.length === 0 ? null : roots,
    state: graph.state,
    submissiontime: formatTime(graph.submissiontime),
    starttime: formatTime(graph.starttime),
    endtime: formatTime(graph.endtime),
    processids: shown === null ? null : shown.map((member) => member.processid),
    nodes: drawing.nodes,
    edges: drawing.edges,
  }
}

const backgrounds: Readonly<Record<ProcessState, string>> = {
  0: '#eee8d8',
  1: '#4689cd',
  2: '#92d050',
  3: '#cb4239',
  4: '#f5a623',
}

const columnWidth = 200
const rowHeight = 80

/** One row per depth, each row centred above the widest. */
function drawNodes(members: readonly GraphMember[]): Json {
  const depths = depthsOf(members)
  const rows = new Map<number, readonly GraphMember[]>()
  for (const member of members) {
    const depth = depths.get(member.processid) ?? 0
    rows.set(depth, [...(rows.get(depth) ?? []), member])
  }
  const widest = Math.max(0, ...[...rows.values()].map((row) => row.length))
  return [...rows].flatMap(([depth, row]) =>
    row.map((member, column) => ({
      id: member.processid,
      data: { label: member.nodename },
      position: { x: column * columnWidth + ((widest - row.length) * columnWidth) / 2, y: depth * rowHeight },
      type: member.parents.length === 0 ? 'input' : member.children.length === 0 ? 'output' : '',
      style: { color: '', background: backgrounds[member.state] },
    })),
  )
}

/** Members come parents first along the first path from a root; that path gives the depth. */
function depthsOf(members: readonly GraphMember[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const member of members) {
    const depth = depths.get(member.processid) ?? 0
    depths.set(member.processid, depth)
    for (const child of member.children) if (!depths.has(child)) depths.set(child, depth + 1)
  }
  return depths
}

function drawEdges(members: readonly GraphMember[]): Json {
  return members.flatMap((member) =>
    member.children.map((child) => ({
      id: `${member.processid}-${child}`,
      source: member.processid,
      target: child,
      animated: member.state === 1,
    })),
  )
}
