import type { Context } from '../context.ts'
import type { Line } from '../report/line.ts'
import { boot } from './boot.ts'
import { cpu } from './cpu.ts'
import { drain } from './drain.ts'
import { endToEnd } from './end-to-end.ts'
import { events } from './events.ts'
import { guard } from './guard.ts'
import { idle } from './idle.ts'
import { memory } from './memory.ts'
import { stripeReads } from './stripe-reads.ts'
import { webhook } from './webhook.ts'

/** In the order in which they run: memory wants a hive that has done nothing, the drain ends the one that all share. */
export const rows: Readonly<Record<string, (context: Context) => Promise<readonly Line[]>>> = {
  cpu,
  boot,
  memory,
  idle,
  'end-to-end': endToEnd,
  webhook,
  events,
  guard,
  'stripe-reads': stripeReads,
  drain,
}
