export { checkCalls, type HistoryFigures } from './check-calls.ts'
export { checkHistories } from './check-histories.ts'
export { runHistoryClient } from './history-client.ts'
export {
  type HistoryOptions,
  type ModuleUrl,
  type RecordedCall,
  type RecordedError,
  recordCalls,
} from './record-calls.ts'
export type {
  ClearCall,
  NamesCall,
  PatchCall,
  PlainCall,
  SessionCall,
  Stated,
  StatedProperties,
  UpdateCall,
} from './session-call.ts'
