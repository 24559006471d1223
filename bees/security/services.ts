import { defineTaskWith, type Environment } from '../../src/bee/index.ts'
import { type AlertServices, createAlertServices } from './alerts/services.ts'
import { createIngestServices, type IngestServices } from './events/ingest-services.ts'
import { type Approver, readApprovers } from './respond/approvers.ts'
import { type CompiledRules, loadRules, ruleFilesOf, shippedFolder } from './rules/index.ts'

/** What the tasks of the Security Bee get from outside, built once for each hive. */
export interface SecurityServices {
  readonly alerts: AlertServices
  readonly ingest: IngestServices
  /** People who may decide about responses. */
  readonly approvers: readonly Approver[]
  readonly rules: CompiledRules
}

/** @throws BeeError BEE_CONFIG_INVALID */
export function createSecurityServices(env: Environment): SecurityServices {
  let rules: CompiledRules | undefined
  return Object.freeze({
    alerts: createAlertServices(env),
    ingest: createIngestServices(env),
    approvers: readApprovers(env),
    get rules() {
      rules ??= rulesOf(env)
      return rules
    },
  })
}

/** The rules that come with the bee, and those of one's own in the folder SECURITY_RULES_DIR. */
function rulesOf(env: Environment): CompiledRules {
  const own = env['SECURITY_RULES_DIR'] || undefined
  return loadRules([...ruleFilesOf(shippedFolder), ...(own === undefined ? [] : ruleFilesOf(own))])
}

export const defineSecurityTask = defineTaskWith<SecurityServices>()
