/** Broker and database without their work, in an OS process of their own. Started by stub-process.ts. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SigningKey } from '../../src/trust/index.ts'
import { createBrokerStub } from './broker-stub.ts'
import { answerRpc } from './gateway-stub.ts'
import type { ToStub } from './stub-process.ts'

const [start] = (await once(process, 'message')) as [ToStub]
if (start.kind !== 'start') throw new Error(`expected start, received ${start.kind}`)
const broker = createBrokerStub(new SigningKey(start.envelopeSeed))

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(request, 'end')
  const body = Buffer.concat(chunks).toString()
  if (request.url === '/api') broker.handle(body, response)
  else if (request.url?.startsWith('/rest/')) answerRpc(body, response)
  else response.end()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('message', (message: ToStub) => {
  if (message.kind === 'release') broker.release(message.tasks)
})
process.once('disconnect', () => process.exit(0))
process.send?.({ port: (server.address() as AddressInfo).port })
