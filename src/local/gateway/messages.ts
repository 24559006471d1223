/** What parent and child of the gateway say to each other over IPC. */

import { z } from 'zod'
import { gatewaySettings } from './options.ts'

export const toChild = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), settings: gatewaySettings }),
  z.object({ type: z.literal('stop') }),
])
export type ToChild = z.input<typeof toChild>

export const toParent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), port: z.number().int() }),
  z.object({ type: z.literal('failed'), code: z.string(), message: z.string() }),
  z.object({ type: z.literal('log'), level: z.enum(['debug', 'info', 'warn', 'error']), line: z.unknown() }),
])
export type ToParent = z.infer<typeof toParent>
