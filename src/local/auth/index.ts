export { prepareAuth } from './prepare-auth.ts'
