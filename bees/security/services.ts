import { defineTaskWith, type Environment } from '../../src/bee/index.ts'
import { type AlertServices, createAlertServices } from './alerts/services.ts'
import { createIngestServices, type IngestServices } from './events/ingest-services.ts'
import { type Approver, readApprovers } from './respond/approvers.ts'

/** What the tasks of the Security Bee get from outside, built once for each hive. */
export interface SecurityServices {
  readonly alerts: AlertServices
  readonly ingest: IngestServices
  /** People who may decide about responses. */
  readonly approvers: readonly Approver[]
}

/** @throws BeeError BEE_CONFIG_INVALID */
export function createSecurityServices(env: Environment): SecurityServices {
  return Object.freeze({
    alerts: createAlertServices(env),
    ingest: createIngestServices(env),
    approvers: readApprovers(env),
  })
}

export const defineSecurityTask = defineTaskWith<SecurityServices>()
