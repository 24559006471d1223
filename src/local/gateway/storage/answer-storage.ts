/** `/storage/v1/…`: the calls that supabase-js makes for buckets, and to put, get, list and remove objects. */

import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { readBody } from '../read-body.ts'
import { jsonReply, type Reply } from '../reply.ts'
import { listObjects, listRequest, objectEntry } from './list-objects.ts'
import { checkBucketName, checkObjectName } from './object-name.ts'
import type { ObjectStore } from './object-store.ts'
import { storageError } from './storage-error.ts'

export interface StorageContext {
  readonly store: ObjectStore
  readonly maxObjectBytes: number
}

const bucketRequest = z.object({ id: z.string().optional(), name: z.string(), public: z.boolean().default(false) })
const removeRequest = z.object({ prefixes: z.array(z.string()).max(1_000) })
const maxRequestBytes = 1024 * 1024

/**
 * @param segments the decoded path below `/storage/v1`; a segment may hold a slash that was sent as `%2F`.
 * @throws ReplyError, CallerGone
 */
export async function answerStorage(
  context: StorageContext,
  request: IncomingMessage,
  segments: readonly string[],
): Promise<Reply> {
  const [kind, first, ...rest] = segments
  const route = `${request.method} ${kind}`
  if (kind === 'bucket') return answerBucket(context, request, first, rest)
  if (route === 'POST object' && first === 'list' && rest.length === 1) return list(context, request, rest[0] ?? '')
  if (kind === 'object' && first !== undefined) {
    const special = first === 'info' || first === 'authenticated'
    const [bucket = '', ...name] = special ? rest : [first, ...rest]
    if (request.method === 'DELETE' && name.length === 0) return removeMany(context, request, bucket)
    if (name.length > 0) return answerObject(context, request, bucket, name.join('/'), first === 'info')
  }
  throw storageError(404, 'not_found', 'The local storage has no such route')
}

async function answerBucket(
  { store }: StorageContext,
  request: IncomingMessage,
  id: string | undefined,
  rest: readonly string[],
): Promise<Reply> {
  if (request.method === 'GET' && id === undefined) return ok(await store.listBuckets())
  if (request.method === 'GET' && id !== undefined && rest.length === 0) {
    return ok(await store.getBucket(checkBucketName(id)))
  }
  if (request.method === 'POST' && id === undefined) {
    const wanted = await readJson(request, bucketRequest)
    const name = checkBucketName(wanted.id ?? wanted.name)
    await store.createBucket(name, wanted.public)
    return ok({ name })
  }
  throw storageError(404, 'not_found', 'The local storage has no such route')
}

async function answerObject(
  { store, maxObjectBytes }: StorageContext,
  request: IncomingMessage,
  bucketText: string,
  nameText: string,
  info: boolean,
): Promise<Reply> {
  const bucket = checkBucketName(bucketText)
  const name = checkObjectName(nameText)
  if (request.method === 'POST' || request.method === 'PUT') {
    const upload = await readUpload(request, maxObjectBytes)
    const upsert = request.method === 'PUT' || request.headers['x-upsert'] === 'true'
    const header = await store.put(bucket, name, upload.content, { ...upload, upsert })
    return ok({ Key: `${bucket}/${name}`, Id: header.id })
  }
  if (request.method === 'DELETE') {
    if ((await store.remove(bucket, name)) === undefined) throw storageError(404, 'not_found', 'Object not found')
    return ok({ message: 'Successfully deleted' })
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw storageError(405, 'method_not_allowed', `${request.method} is not supported`)
  }
  const { header, content } = await store.get(bucket, name)
  if (info) {
    const { metadata, ...entry } = objectEntry(name, header)
    return ok({
      ...entry,
      bucket_id: bucket,
      size: header.size,
      content_type: header.contentType,
      etag: header.etag,
      metadata,
    })
  }
  return {
    status: 200,
    headers: {
      'content-type': header.contentType,
      'cache-control': header.cacheControl,
      'last-modified': new Date(header.updatedAt).toUTCString(),
      etag: header.etag,
      // An archived page must not run as a page of this origin.
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    },
    body: content,
  }
}

async function list({ store }: StorageContext, request: IncomingMessage, bucket: string): Promise<Reply> {
  const wanted = await readJson(request, listRequest)
  return ok(listObjects(await store.headers(checkBucketName(bucket)), wanted))
}

async function removeMany({ store }: StorageContext, request: IncomingMessage, bucketText: string): Promise<Reply> {
  const bucket = checkBucketName(bucketText)
  const { prefixes } = await readJson(request, removeRequest)
  const removed: unknown[] = []
  for (const name of prefixes.map(checkObjectName)) {
    const header = await store.remove(bucket, name)
    if (header !== undefined) removed.push({ ...objectEntry(name, header), bucket_id: bucket })
  }
  return ok(removed)
}

async function readUpload(request: IncomingMessage, maxBytes: number) {
  const content = await readBody(request, maxBytes, () =>
    storageError(413, 'Payload too large', 'The object exceeded the maximum allowed size'),
  )
  const contentType = headerText(request.headers['content-type']) ?? 'application/octet-stream'
  const cacheControl = headerText(request.headers['cache-control']) ?? 'no-cache'
  if (!contentType.startsWith('multipart/form-data')) return { content, contentType, cacheControl }
  try {
    const form = await new Response(content, { headers: { 'content-type': contentType } }).formData()
    const file = [...form.values()].find((value) => typeof value !== 'string')
    if (file === undefined) throw new TypeError('no file')
    const seconds = form.get('cacheControl')
    return {
      content: Buffer.from(await file.arrayBuffer()),
      contentType: headerText(file.type) ?? 'application/octet-stream',
      cacheControl: typeof seconds === 'string' && /^\d{1,10}$/.test(seconds) ? `max-age=${seconds}` : cacheControl,
    }
  } catch {
    throw storageError(400, 'InvalidRequest', 'The form holds no file')
  }
}

/** It becomes a header again on the way out. */
const headerText = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\x20-\x7e]{1,256}$/.test(text) ? text : undefined

async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const bytes = await readBody(request, maxRequestBytes, () =>
    storageError(413, 'Payload too large', 'The request is too large'),
  )
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    throw storageError(400, 'InvalidRequest', 'The request is not what this route takes')
  }
}

const ok = (value: unknown): Reply => jsonReply(200, JSON.stringify(value))
