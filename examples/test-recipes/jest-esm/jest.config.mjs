// The tests and everything that they import are ES modules, so nothing has to be transformed.
export default { transform: {}, testMatch: ['<rootDir>/*.test.mjs'] }
