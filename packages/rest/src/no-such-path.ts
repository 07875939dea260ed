/**
 * How the message of a 404 begins if the path is outside the contract. The client tells by it a wrong base URL from a
 * namespace, a session or a property that does not exist.
 */
export const noSuchPath = 'there is no such path'
