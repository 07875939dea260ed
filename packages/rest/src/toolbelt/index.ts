export {
  type ContextServiceClient,
  type ContextServiceClientOptions,
  contextServiceClient,
  type ServiceNamespace,
} from './context-service-client.ts'
export { ContextServiceError } from './context-service-error.ts'
