/** Functions, logs, files and channel entries. */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { int64, listOf, optionalText, time, wideInteger } from './fields.ts'

const functionArgument = z.object({
  name: z.string(),
  type: z.string(),
  description: optionalText,
  required: z.boolean().optional(),
  enum: listOf(z.string()),
})

/** A registered function; statistics in seconds. Registration has no influence on assignment. */
export const registeredFunction = z.object({
  functionid: z.string(),
  executorname: z.string(),
  executortype: optionalText,
  colonyname: z.string(),
  funcname: z.string(),
  description: optionalText,
  args: listOf(functionArgument),
  counter: z.int(),
  minwaittime: z.number(),
  maxwaittime: z.number(),
  minexectime: z.number(),
  maxexectime: z.number(),
  avgwaittime: z.number(),
  avgexectime: z.number(),
  locationname: optionalText,
})

/** A log line; `timestamp` in nanoseconds since 1970, to be given back as `since`. */
export const logLine = z.object({
  processid: z.string(),
  colonyname: z.string(),
  executorname: z.string(),
  message: z.string(),
  timestamp: int64,
})

export const fileLabel = z.object({ name: z.string(), files: z.int() })

export const fileSummary = z.object({
  name: z.string(),
  checksum: z.string(),
  size: wideInteger,
  s3filename: optionalText,
})

const s3Object = z.object({
  server: z.string(),
  port: z.int(),
  tls: z.boolean(),
  accesskey: z.string(),
  secretkey: z.string(),
  region: z.string(),
  encryptionkey: z.string(),
  encryptionalg: z.string(),
  object: z.string(),
  bucket: z.string(),
})

/** A file's record. It carries storage secrets in clear: never log it. */
export const file = z.object({
  fileid: z.string(),
  colonyname: z.string(),
  label: z.string(),
  name: z.string(),
  size: wideInteger,
  sequencenr: wideInteger,
  checksum: z.string(),
  checksumalg: z.string(),
  ref: z.object({ protocol: z.string(), s3object: s3Object }),
  added: time,
})

export const snapshot = z.object({
  snapshotid: z.string(),
  colonyname: z.string(),
  label: z.string(),
  name: z.string(),
  fileids: listOf(z.string()),
  added: time,
})

const textOf = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/**
 * An entry of a channel. `payload` holds the bytes, `text` the same as UTF-8 where they are; `type` is `end` at the end
 * of a stream by convention; `error` is set by the server when a slow reader lost entries.
 */
export const channelEntry = z
  .object({
    sequence: wideInteger,
    inreplyto: wideInteger.optional(),
    timestamp: time,
    senderid: z.string(),
    payload: z.union([z.base64(), z.array(z.int().min(0).max(255))]).nullish(),
    type: optionalText,
    error: optionalText,
  })
  .transform(({ payload, ...entry }) => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload, 'base64') : Buffer.from(payload ?? [])
    return { ...entry, payload: new Uint8Array(bytes), text: textOf(bytes) }
  })

export type RegisteredFunction = z.output<typeof registeredFunction>
export type LogLine = z.output<typeof logLine>
export type FileLabel = z.output<typeof fileLabel>
export type FileSummary = z.output<typeof fileSummary>
export type FileRecord = z.output<typeof file>
export type Snapshot = z.output<typeof snapshot>
export type ChannelEntry = z.output<typeof channelEntry>
