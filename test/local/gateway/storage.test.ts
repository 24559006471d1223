import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixture, type Fixture } from './fixture.ts'

let it: Fixture
let folder: string
let client: SupabaseClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bees-storage-test-'))
  it = await createFixture({ storageDir: join(folder, 'objects'), maxObjectBytes: 1_000_000 })
  client = createClient(it.gateway.url, it.gateway.keys.service_role, { auth: { persistSession: false } })
  expect((await client.storage.createBucket('archive')).error).toBe(null)
})

afterAll(async () => {
  await it.close()
  await rm(folder, { recursive: true, force: true })
})

const bucket = () => client.storage.from('archive')

test('buckets are created once, found and listed', async () => {
  expect(await client.storage.getBucket('archive')).toMatchObject({
    data: { id: 'archive', public: false },
    error: null,
  })
  expect((await client.storage.createBucket('archive')).error).toMatchObject({ statusCode: '409' })
  expect((await client.storage.getBucket('nowhere')).error).toMatchObject({ statusCode: '404' })
  expect((await client.storage.listBuckets()).data?.map(({ name }) => name)).toContain('archive')
})

test('what is put can be got, byte by byte, with its type', async () => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256))
  const put = await bucket().upload('2026/11/report.bin', bytes, { contentType: 'application/x-report' })
  expect(put).toMatchObject({
    error: null,
    data: { path: '2026/11/report.bin', fullPath: 'archive/2026/11/report.bin' },
  })
  const { data } = await bucket().download('2026/11/report.bin')
  expect(data?.type).toBe('application/x-report')
  expect(Buffer.from((await data?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(bytes)).toBe(true)
})

test('a Blob travels as a form', async () => {
  const put = await bucket().upload('blob.json', new Blob(['{"a":1}'], { type: 'application/json' }))
  expect(put.error).toBe(null)
  const { data } = await bucket().download('blob.json')
  expect(data?.type).toBe('application/json')
  expect(await data?.text()).toBe('{"a":1}')
})

test('an empty object is an object', async () => {
  expect((await bucket().upload('empty', '')).error).toBe(null)
  expect((await bucket().download('empty')).data?.size).toBe(0)
})

test('a second upload is a duplicate unless it is an upsert', async () => {
  expect((await bucket().upload('twice.txt', 'one')).error).toBe(null)
  expect((await bucket().upload('twice.txt', 'two')).error).toMatchObject({ statusCode: '409' })
  expect(await (await bucket().download('twice.txt')).data?.text()).toBe('one')
  expect((await bucket().upload('twice.txt', 'two', { upsert: true })).error).toBe(null)
  expect(await (await bucket().download('twice.txt')).data?.text()).toBe('two')
  expect((await bucket().update('twice.txt', 'three')).error).toBe(null)
  expect(await (await bucket().download('twice.txt')).data?.text()).toBe('three')
})

test('of many first writers exactly one wins, and a reader never sees a mixture', async () => {
  const texts = Array.from({ length: 10 }, (_, i) => String(i).repeat(50_000))
  const puts = await Promise.all(texts.map((text) => bucket().upload('race.txt', text)))
  expect(puts.filter(({ error }) => error === null)).toHaveLength(1)
  const overwriting = Promise.all(texts.map((text) => bucket().upload('race.txt', text, { upsert: true })))
  for (let i = 0; i < 20; i += 1) expect(texts).toContain(await (await bucket().download('race.txt')).data?.text())
  await overwriting
})

test('list shows what lies below a prefix, folders included; paged, sorted, searched', async () => {
  for (const name of ['lists/b.txt', 'lists/a.txt', 'lists/sub/deep.txt', 'listsother/c.txt']) {
    expect((await bucket().upload(name, name)).error).toBe(null)
  }
  const names = async (path: string, options?: Parameters<ReturnType<typeof bucket>['list']>[1]) =>
    (await bucket().list(path, options)).data?.map(({ name }) => name)
  expect(await names('lists')).toEqual(['a.txt', 'b.txt', 'sub'])
  expect(await names('lists/')).toEqual(['a.txt', 'b.txt', 'sub'])
  expect(await names('lists', { limit: 1, offset: 1 })).toEqual(['b.txt'])
  expect(await names('lists', { sortBy: { column: 'name', order: 'desc' } })).toEqual(['sub', 'b.txt', 'a.txt'])
  expect(await names('lists', { search: 'a' })).toEqual(['a.txt'])
  expect(await names('nothing')).toEqual([])
  const { data } = await bucket().list('lists')
  expect(data?.[0]).toMatchObject({ id: expect.any(String), metadata: { size: 11 } })
  expect(data?.[2]).toMatchObject({ name: 'sub', id: null, metadata: null })
})

test('exists, info, remove', async () => {
  await bucket().upload('gone.txt', 'x', { contentType: 'text/plain' })
  expect((await bucket().exists('gone.txt')).data).toBe(true)
  expect((await bucket().info('gone.txt')).data).toMatchObject({ size: 1, contentType: 'text/plain' })
  const removed = await bucket().remove(['gone.txt', 'never-was.txt'])
  expect(removed.data?.map(({ name }) => name)).toEqual(['gone.txt'])
  expect((await bucket().exists('gone.txt')).data).toBe(false)
  expect((await bucket().download('gone.txt')).error).not.toBe(null)
})

test('too large is 413 and leaves nothing', async () => {
  const { error } = await bucket().upload('large.bin', Buffer.alloc(1_000_001))
  expect(error).toMatchObject({ status: 413 })
  expect((await bucket().exists('large.bin')).data).toBe(false)
})

test('only the service role gets in', async () => {
  for (const key of [it.gateway.keys.anon, it.gateway.keys.authenticated]) {
    const other = createClient(it.gateway.url, key, { auth: { persistSession: false } }).storage
    expect((await other.createBucket('mine')).error).toMatchObject({ statusCode: '403' })
    expect((await other.from('archive').upload('x', 'x')).error).toMatchObject({ statusCode: '403' })
    expect((await other.from('archive').list()).error).toMatchObject({ statusCode: '403' })
    expect((await other.from('archive').remove(['twice.txt'])).error).toMatchObject({ statusCode: '403' })
  }
  expect((await it.request('/storage/v1/object/archive/twice.txt')).status).toBe(401)
})

/** fetch would tidy the path up; an attacker does not. */
function rawRequest(method: string, path: string, body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(it.gateway.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
    socket.end(
      `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\napikey: ${it.gateway.keys.service_role}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  })
}

test.each([
  '../../../escape.txt',
  '..%2f..%2f..%2fescape.txt',
  '%2e%2e/%2e%2e/escape.txt',
  'a/../../../escape.txt',
  'a/./b',
  '%2fetc%2fescape.txt',
  '/etc/escape.txt',
  'a//b',
  'nul%00.txt',
  'back%5c..%5cslash',
  '..%c0%af..%c0%afescape.txt',
  '%ef%bc%8e%ef%bc%8e/escape.txt',
  '%e2%80%a5/escape.txt',
  '%u002e%u002e/escape.txt',
  'new%0aline',
  ' leading',
  'a'.repeat(1025),
  '%ff',
])('the object name %j writes nothing anywhere', async (name) => {
  const target = `/storage/v1/object/archive/${name}`.replaceAll(' ', '%20')
  const before = (await readdir(folder, { recursive: true })).sort()
  for (const method of ['POST', 'PUT', 'GET', 'DELETE']) {
    expect(await rawRequest(method, target, method[0] === 'P' ? 'evil' : '')).toMatch(/^HTTP\/1\.1 4\d\d /)
  }
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(before)
})

test.each(['..', '.', '%2e%2e', '..%2fup', 'a%00', 'ü', ''])('the bucket name %j is refused', async (name) => {
  expect(await rawRequest('POST', `/storage/v1/object/${name}/file.txt`, 'evil')).toMatch(/^HTTP\/1\.1 4\d\d /)
  const body = JSON.stringify({ name: decodeURIComponent(name) })
  expect(await rawRequest('POST', '/storage/v1/bucket', body)).toMatch(/^HTTP\/1\.1 4\d\d /)
})

test('names that a careless file system would mix up stay apart', async () => {
  for (const name of ['Case.txt', 'case.txt', 'case.txt/below', 'prototype/__proto__']) {
    expect((await bucket().upload(name, name)).error).toBe(null)
  }
  for (const name of ['Case.txt', 'case.txt', 'case.txt/below', 'prototype/__proto__']) {
    expect(await (await bucket().download(name)).data?.text()).toBe(name)
  }
})

test('a symbolic link in the folder leads nowhere', async () => {
  const outside = join(folder, 'outside')
  await mkdir(outside)
  const secret = join(outside, 'secret.txt')
  await writeFile(secret, '{"id":"x"}\nsecret')
  await bucket().upload('link.txt', 'plain')
  const objects = join(folder, 'objects')
  const [bucketFolder = ''] = (await readdir(objects)).filter((name) => name.startsWith('bucket-'))
  const files = await readdir(join(objects, bucketFolder))
  const contents = await Promise.all(files.map((file) => readFile(join(objects, bucketFolder, file), 'utf8')))
  const file = files[contents.findIndex((text) => text.includes('"link.txt"'))] ?? ''
  await rm(join(objects, bucketFolder, file))
  await symlink(secret, join(objects, bucketFolder, file))
  expect((await bucket().download('link.txt')).error).not.toBe(null)
  expect((await bucket().list()).error).toBe(null)
  expect((await bucket().upload('link.txt', 'mine', { upsert: true })).error).toBe(null)
  expect(await readFile(secret, 'utf8')).toContain('secret')
})

test('objects survive a restart, and a half-written one of a killed run is tidied away', async () => {
  await bucket().upload('lasting.txt', 'still here')
  await writeFile(join(folder, 'objects', 'staging', 'half'), 'ha')
  const again = await createFixture({ storageDir: join(folder, 'objects') })
  try {
    const other = createClient(again.gateway.url, again.gateway.keys.service_role, { auth: { persistSession: false } })
    expect(await (await other.storage.from('archive').download('lasting.txt')).data?.text()).toBe('still here')
    expect(await readdir(join(folder, 'objects', 'staging'))).toEqual([])
  } finally {
    await again.close()
  }
})
