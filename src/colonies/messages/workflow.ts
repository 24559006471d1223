/** Workflows (process graphs) and the two things that start them: crons and generators. */

import { z } from 'zod'
import { listOf, time } from './fields.ts'
import { processState } from './process.ts'

const graphNode = z.object({
  id: z.string(),
  data: z.object({ label: z.string() }),
  position: z.object({ x: z.number(), y: z.number() }),
  type: z.string(),
  style: z.object({ color: z.string(), background: z.string() }),
})

const graphEdge = z.object({ id: z.string(), source: z.string(), target: z.string(), animated: z.boolean() })

/** `nodes` and `edges` are layout, filled by `getProcessGraph` only; the times of a submit reply are unset. */
export const processGraph = z.object({
  processgraphid: z.string().min(1),
  initiatorid: z.string(),
  initiatorname: z.string(),
  colonyname: z.string(),
  rootprocessids: listOf(z.string()),
  state: processState,
  submissiontime: time,
  starttime: time,
  endtime: time,
  processids: listOf(z.string()),
  nodes: listOf(graphNode),
  edges: listOf(graphEdge),
})

/** `interval` in seconds, -1 where `cronexpression` counts; `checkerperiod` in milliseconds; `workflowspec` is JSON text. */
export const cron = z.object({
  cronid: z.string().min(1),
  initiatorid: z.string(),
  initiatorname: z.string(),
  colonyname: z.string(),
  name: z.string(),
  cronexpression: z.string(),
  interval: z.int(),
  random: z.boolean(),
  nextrun: time,
  lastrun: time,
  workflowspec: z.string(),
  prevprocessgraphid: z.string(),
  waitforprevprocessgraph: z.boolean(),
  checkerperiod: z.int(),
})

/** `timeout` in seconds, `checkerperiod` in milliseconds; `workflowspec` is JSON text. */
export const generator = z.object({
  generatorid: z.string().min(1),
  initiatorid: z.string(),
  initiatorname: z.string(),
  colonyname: z.string(),
  name: z.string(),
  workflowspec: z.string(),
  trigger: z.int(),
  timeout: z.int(),
  firstpack: time,
  lastrun: time,
  queuesize: z.int(),
  checkerperiod: z.int(),
})

export type ProcessGraph = z.output<typeof processGraph>
export type Cron = z.output<typeof cron>
export type Generator = z.output<typeof generator>
