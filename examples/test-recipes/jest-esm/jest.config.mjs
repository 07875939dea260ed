// The tests and all they import are ES modules, so nothing is to be transformed.
export default { transform: {}, testMatch: ['<rootDir>/*.test.mjs'] }
