import { z } from '../../../src/bee/index.ts'
import { securityEvent } from './event.ts'

const shape = securityEvent.shape
const text = (most: number) => z.string().min(1).max(most)

/**
 * An event in our own JSON format: the fields of an event (event.ts), of which only `time` and `action` are needed, and
 * beside them what is turned into some of those and never kept: email, phone, card_fingerprint, device_fingerprint,
 * user_agent, ip, url.
 */
export const ownItem = z.strictObject({
  ...z.strictObject(shape).partial().shape,
  time: z.union([shape.time, z.string().min(1).max(40)]),
  action: shape.action,
  // Other names for the same, and what is not kept. Personal fields may come as they are: they are hashed here.
  identifier: text(320).optional(),
  src_ip: text(60).optional(),
  src_net: text(60).optional(),
  card: text(256).optional(),
  device: text(512).optional(),
  object_id: text(256).optional(),
  account: text(320).optional(),
  status: z.enum(['unknown', 'success', 'failure']).optional(),
  user_id: shape.user_uid,
  session_id: shape.session_uid,
  email: text(320).optional(),
  phone: text(40).optional(),
  user_agent: z.string().max(2048).optional(),
  ip: text(60).optional(),
  path: z.string().min(1).max(4096).optional(),
  url: z.string().min(1).max(4096).optional(),
  data: z.record(z.string(), z.json()).optional(),
})

export type OwnItem = z.output<typeof ownItem>

export const ownFields: ReadonlySet<string> = new Set(Object.keys(ownItem.shape))
