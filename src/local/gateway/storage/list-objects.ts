import { z } from 'zod'
import type { ObjectHeader } from './object-store.ts'

export const listRequest = z.object({
  prefix: z.string().max(1024).default(''),
  limit: z.number().int().min(1).max(1_000).default(100),
  offset: z.number().int().min(0).default(0),
  search: z.string().max(1024).default(''),
  sortBy: z
    .object({
      column: z.enum(['name', 'created_at', 'updated_at', 'last_accessed_at']).default('name'),
      order: z.enum(['asc', 'desc']).default('asc'),
    })
    .default({ column: 'name', order: 'asc' }),
})
export type ListRequest = z.infer<typeof listRequest>

export interface ListEntry {
  readonly name: string
  /** `null` for a folder, as all that follows. */
  readonly id: string | null
  readonly updated_at: string | null
  readonly created_at: string | null
  readonly last_accessed_at: string | null
  readonly metadata: Readonly<Record<string, string | number>> | null
}

/** What lies directly below a prefix: objects by the rest of their name, and folders. */
export function listObjects(headers: readonly ObjectHeader[], request: ListRequest): readonly ListEntry[] {
  const { limit, offset, search, sortBy } = request
  const trimmed = request.prefix.replace(/^\/+|\/+$/g, '')
  const prefix = trimmed === '' ? '' : `${trimmed}/`
  const entries = new Map<string, ListEntry>()
  for (const header of headers) {
    if (!header.name.startsWith(prefix)) continue
    const [name = '', ...below] = header.name.slice(prefix.length).split('/')
    if (!name.toLowerCase().startsWith(search.toLowerCase())) continue
    if (below.length > 0) entries.set(`${name}/`, folderEntry(name))
    else entries.set(name, objectEntry(name, header))
  }
  const direction = sortBy.order === 'asc' ? 1 : -1
  const sortKey = (entry: ListEntry): string => entry[sortBy.column] ?? ''
  const sorted = [...entries.values()].sort((a, b) => direction * (sortKey(a) < sortKey(b) ? -1 : 1))
  return sorted.slice(offset, offset + limit)
}

export function objectEntry(name: string, header: ObjectHeader): ListEntry {
  return {
    name,
    id: header.id,
    updated_at: header.updatedAt,
    created_at: header.createdAt,
    last_accessed_at: header.updatedAt,
    metadata: {
      eTag: header.etag,
      size: header.size,
      mimetype: header.contentType,
      cacheControl: header.cacheControl,
      lastModified: header.updatedAt,
      contentLength: header.size,
      httpStatusCode: 200,
    },
  }
}

const folderEntry = (name: string): ListEntry => ({
  name,
  id: null,
  updated_at: null,
  created_at: null,
  last_accessed_at: null,
  metadata: null,
})
