import type { Handler, HandlerTable } from '../context.ts'
import { requireServerOwner } from '../membership.ts'
import { reply } from '../reply.ts'

const version: Handler = async (_message, _caller, { settings }) =>
  reply({ buildversion: settings.buildVersion, buildtime: settings.buildTime, msgtype: 'versionmsg' })

const serverInfo: Handler = async (_message, _caller, { settings, address }) =>
  reply({
    buildversion: 'dev',
    buildtime: settings.buildTime,
    backends: [{ type: 'http', port: address.port, host: address.host }],
  })

/** One node, which leads itself; there is no etcd and no relay, so their ports are 0. */
const cluster: Handler = async (_message, caller, context) => {
  requireServerOwner(caller, context)
  const { host, port } = context.address
  const node = { name: 'local', host, port: 0, peerport: 0, relayport: 0, apiport: port }
  return reply({ nodes: [node], leader: node })
}

export const handlers: HandlerTable = {
  versionmsg: version,
  getserverinfomsg: serverInfo,
  getclustermsg: cluster,
}
