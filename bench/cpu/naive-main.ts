/**
 * The baseline of the CPU row: the same HTTP calls a task, written straight down. Both broker messages are signed anew
 * with BigInt arithmetic, the receipt is signed with tweetnacl; no check of anything. BENCH_VERIFY=true also verifies
 * the envelope's signature with tweetnacl, as a careful naive worker must. Started by rounds.ts.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createClient } from '@supabase/supabase-js'
import nacl from 'tweetnacl'
import { generatePrivateKey, sign } from '../../src/colonies/index.ts'
import { naiveSign } from './naive-secp256k1.ts'
import { serveRounds } from './rounds.ts'

const inFlight = 16
const { BENCH_URL: url = '', BENCH_SUBMITTER_X: submitterX = '', BENCH_VERIFY: verify } = process.env
const key = generatePrivateKey()
const receiptKey = nacl.sign.keyPair.fromSeed(randomBytes(32))
const submitterKey = Buffer.from(submitterX, 'base64url')
const supabase = createClient(url, 'sb_secret_bench', {
  auth: { persistSession: false, autoRefreshToken: false },
})
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

if (naiveSign('self-test', key) !== sign('self-test', key)) throw new Error('the naive signature is wrong')

async function call(message: { readonly msgtype: string }) {
  const payload = Buffer.from(JSON.stringify(message)).toString('base64')
  const body = JSON.stringify({ payloadtype: message.msgtype, payload, signature: naiveSign(payload, key) })
  const response = await fetch(`${url}/api`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  const reply = (await response.json()) as { readonly error: boolean; readonly payload: string }
  if (reply.error) throw new Error('the stub refused')
  return JSON.parse(Buffer.from(reply.payload, 'base64').toString())
}

const execute = async (argument: object) => {
  const { data, error } = await supabase.rpc('bee_execute', { call: argument })
  if (error) throw error
  return data
}

async function oneTask(): Promise<void> {
  const process = await call({ msgtype: 'assignprocessmsg', ...{ colonyname: 'dev', timeout: 10 } })
  const { input, envelope } = process.spec.kwargs
  if (verify === 'true') {
    const [head, body, signature] = String(envelope).split('.')
    const signed = utf8(`${head}.${body}`)
    if (!nacl.sign.detached.verify(signed, Buffer.from(signature ?? '', 'base64url'), submitterKey)) {
      throw new Error('the envelope is forged')
    }
  }
  const { processid } = process
  const result = await execute({ v: 1, op: 'execute', process: processid, step: 1, payload: input })
  const claims = JSON.stringify({
    process: processid,
    input: sha256(JSON.stringify(input)),
    output: sha256(JSON.stringify(result.output)),
    ledger: result.ledger_id,
  })
  const signature = nacl.sign.detached(utf8(claims), receiptKey.secretKey)
  const receipt = `${Buffer.from(claims).toString('base64url')}.${Buffer.from(signature).toString('base64url')}`
  await execute({ v: 1, op: 'store_receipts', receipts: [{ process: processid, jws: receipt }] })
  await call({ msgtype: 'closesuccessfulmsg', ...{ processid, out: [{ result: result.output, receipt }] } })
}

serveRounds(async (tasks) => {
  let left = tasks
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await oneTask()
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
})
process.once('SIGTERM', () => process.exit(0))
process.once('disconnect', () => process.exit(0))
