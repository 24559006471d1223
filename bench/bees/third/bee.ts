import { idleBee } from '../../hive/idle-bee.ts'

export default idleBee('third')
