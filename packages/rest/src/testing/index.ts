export type {
  ContextServiceDouble,
  DoubleClock,
  DoubleOptions,
} from './context-service-double.ts'
export { createContextService } from './create-context-service.ts'
export type { Fault } from './faults.ts'
export { interceptContextService } from './intercept-context-service.ts'
export type { RecordedRequest, RequestMatch, WaitOptions } from './journal.ts'
export { type StartOptions, startContextService } from './start-context-service.ts'
export type { State } from './state.ts'
