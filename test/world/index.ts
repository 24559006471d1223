export { compare } from './compare.ts'
export { history } from './history.ts'
export { oracle } from './oracle.ts'
export type * from './types.ts'
