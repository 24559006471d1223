import { createHash } from 'node:crypto'

const longest = 120

/** An id as part of a state's key: itself, or its hash where it is long. */
export const keyPart = (id: string): string =>
  id.length <= longest ? id : `#${createHash('sha256').update(id, 'utf8').digest('hex').slice(0, 40)}`
