/** Run as a process of its own: starts a gateway, says where it is, and lives until it is ended. */

import { startGateway } from '../../../src/local/gateway/index.ts'

const { url, pid } = await startGateway(JSON.parse(process.argv[2] ?? '{}'))
process.stdout.write(`${JSON.stringify({ url, pid })}\n`)
setInterval(() => undefined, 1_000)
