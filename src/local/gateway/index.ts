export { createGateway, type Gateway } from './create-gateway.ts'
export { type Fault, type FaultInput, type FaultKind, type FaultSwitch, faultKinds } from './faults.ts'
export type { GatewayOptions, Role } from './options.ts'
export { type RunningGateway, startGateway } from './start-gateway.ts'
