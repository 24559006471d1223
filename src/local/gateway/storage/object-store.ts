/**
 * Buckets and objects in a folder. A bucket is a folder, an object one file: a line of JSON, then the bytes. Names of
 * both are digests, so no name that a caller invents ever becomes a path; files appear and change as a whole (written
 * aside, synced, then linked or renamed).
 */

import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { storageError } from './storage-error.ts'

const bucketFile = z.object({
  id: z.string(),
  name: z.string(),
  public: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
})
export type Bucket = Readonly<z.infer<typeof bucketFile>>

const objectHeader = z.object({
  id: z.string(),
  name: z.string(),
  contentType: z.string(),
  cacheControl: z.string(),
  etag: z.string(),
  size: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
})
export type ObjectHeader = Readonly<z.infer<typeof objectHeader>>

export interface ObjectStore {
  /** @throws ReplyError Duplicate */
  readonly createBucket: (id: string, isPublic: boolean) => Promise<Bucket>
  /** @throws ReplyError Bucket not found */
  readonly getBucket: (id: string) => Promise<Bucket>
  readonly listBuckets: () => Promise<readonly Bucket[]>
  /** @throws ReplyError Duplicate unless `upsert` */
  readonly put: (
    bucket: string,
    name: string,
    content: Buffer,
    about: { readonly contentType: string; readonly cacheControl: string; readonly upsert: boolean },
  ) => Promise<ObjectHeader>
  readonly get: (bucket: string, name: string) => Promise<{ readonly header: ObjectHeader; readonly content: Buffer }>
  readonly headers: (bucket: string) => Promise<readonly ObjectHeader[]>
  /** @returns what was there; `undefined` for nothing. */
  readonly remove: (bucket: string, name: string) => Promise<ObjectHeader | undefined>
}

const maxHeaderBytes = 8_192
const digest = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

/** @param folder created when missing, private to us; left-overs of a killed run in it are removed. */
export async function openObjectStore(folder: string): Promise<ObjectStore> {
  const staging = join(folder, 'staging')
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)

  const bucketPath = (id: string): string => join(folder, `bucket-${digest(id)}`)
  const objectPath = (bucket: string, name: string): string => join(bucketPath(bucket), `object-${digest(name)}`)

  /** Writes aside and hands over the path, which is gone afterwards. */
  const stage = async <T>(parts: readonly (string | Buffer)[], place: (path: string) => Promise<T>): Promise<T> => {
    const path = join(staging, randomUUID())
    const file = await open(path, 'wx', 0o600)
    try {
      for (const part of parts) await file.writeFile(part)
      await file.sync()
    } finally {
      await file.close()
    }
    try {
      return await place(path)
    } finally {
      await rm(path, { force: true })
    }
  }

  const getBucket = async (id: string): Promise<Bucket> => {
    const text = await readWhole(join(bucketPath(id), 'bucket.json'))
    if (text === undefined) throw storageError(404, 'Bucket not found', 'Bucket not found')
    return bucketFile.parse(JSON.parse(text.toString('utf8')))
  }

  const readObject = async (path: string) => {
    const bytes = await readWhole(path)
    if (bytes === undefined) return undefined
    const end = bytes.indexOf('\n')
    return { header: parseHeader(bytes.subarray(0, end)), content: bytes.subarray(end + 1) }
  }

  return {
    getBucket,
    createBucket: async (id, isPublic) => {
      const now = new Date().toISOString()
      const bucket: Bucket = { id, name: id, public: isPublic, created_at: now, updated_at: now }
      await mkdir(bucketPath(id), { recursive: true, mode: 0o700 })
      await stage([JSON.stringify(bucket)], (path) => placeNew(path, join(bucketPath(id), 'bucket.json')))
      return bucket
    },
    listBuckets: async () => {
      const names = (await readdir(folder)).filter((name) => name.startsWith('bucket-'))
      const texts = await Promise.all(names.map((name) => readWhole(join(folder, name, 'bucket.json'))))
      return texts.flatMap((text) => (text === undefined ? [] : [bucketFile.parse(JSON.parse(text.toString('utf8')))]))
    },
    put: async (bucket, name, content, about) => {
      await getBucket(bucket)
      const target = objectPath(bucket, name)
      const before = about.upsert ? await readHeader(target) : undefined
      const now = new Date().toISOString()
      const header: ObjectHeader = {
        id: before?.id ?? randomUUID(),
        name,
        contentType: about.contentType,
        cacheControl: about.cacheControl,
        etag: `"${createHash('md5').update(content).digest('hex')}"`,
        size: content.length,
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
      }
      const line = `${JSON.stringify(header)}\n`
      if (Buffer.byteLength(line) > maxHeaderBytes) throw storageError(400, 'InvalidHeader', 'The headers are too long')
      await stage([line, content], (path) => (about.upsert ? rename(path, target) : placeNew(path, target)))
      return header
    },
    get: async (bucket, name) => {
      await getBucket(bucket)
      const found = await readObject(objectPath(bucket, name))
      if (found === undefined) throw storageError(404, 'not_found', 'Object not found')
      return found
    },
    headers: async (bucket) => {
      await getBucket(bucket)
      const names = (await readdir(bucketPath(bucket))).filter((name) => name.startsWith('object-'))
      const found: ObjectHeader[] = []
      for (const name of names) {
        const header = await readHeader(join(bucketPath(bucket), name))
        if (header !== undefined) found.push(header)
      }
      return found
    },
    remove: async (bucket, name) => {
      await getBucket(bucket)
      const path = objectPath(bucket, name)
      const header = await readHeader(path)
      if (header !== undefined) await rm(path, { force: true })
      return header
    },
  }
}

/** A link is made only where nothing is, so of two first writers one wins. */
async function placeNew(path: string, target: string): Promise<void> {
  await link(path, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw storageError(409, 'Duplicate', 'The resource already exists')
    throw error
  })
}

/** A symbolic link in our folder was not put there by us; it reads as missing. */
async function openPlain(path: string) {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ELOOP') return undefined
    throw error
  })
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  const file = await openPlain(path)
  try {
    return await file?.readFile()
  } finally {
    await file?.close()
  }
}

async function readHeader(path: string): Promise<ObjectHeader | undefined> {
  const file = await openPlain(path)
  if (file === undefined) return undefined
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxHeaderBytes), 0, maxHeaderBytes, 0)
    const start = buffer.subarray(0, bytesRead)
    return parseHeader(start.subarray(0, start.indexOf('\n')))
  } finally {
    await file.close()
  }
}

const parseHeader = (line: Buffer): ObjectHeader => objectHeader.parse(JSON.parse(line.toString('utf8')))
