/** What `--help` prints. */
export const help = `Usage: context-store serve [options]

Serves a store of conversation context over HTTP, as the vendor's REST service of 2019 does.

Options of serve:
  --port N              the port; 0 takes a free one (8080)
  --host H              the address to listen on (127.0.0.1, this machine alone)
  --db FILE             the SQLite file; begun where it is missing (./context-store.db)
  --memory              keep everything in memory instead, until the server ends
  --key KEY             the one key that every account accepts (any key)
  --profile 2019        which of the vendor's pages to follow (2019)
  --cors ORIGIN         let pages of this origin call from a browser, * for any (none)
  --namespaces explicit a namespace has to be created before it is used (implicit)

  --help                print this
  --version             print the version

Exit codes: 0 after SIGINT or SIGTERM, 1 where it cannot start, 2 for a command that cannot be.`
