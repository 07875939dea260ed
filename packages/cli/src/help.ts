/** What `--help` prints. */
export const help = `Usage: context-store COMMAND

context-store serve [options]
  Serves a store of conversation context over HTTP, as the vendor's REST service does.

  --port N               the port; 0 takes a free one (8080)
  --host H               the address to listen on (127.0.0.1, this machine alone)
  --db FILE              the SQLite file; begun where it is missing (./context-store.db)
  --memory               keep everything in memory instead, until the server ends
  --key KEY              the one key that every account accepts (any key)
  --account-key ACC:KEY  the key of one account; may be repeated; the others accept none
  --profile NAME         which of the vendor's pages to follow, 2019 or service (2019)
  --cors ORIGIN          let pages of this origin call from a browser, * for any (none)
  --namespaces explicit  a namespace has to be created before it is used (implicit)
  --seed FILE            merge this file's data in first: JSON of accounts, namespaces, sessions, properties
  --export-on-exit FILE  write all data to this file at the end, in the same form
  --quiet                print no line for each request
  --json                 print JSON, an object a line

Commands on a STORE: a SQLite file, a redis:// or rediss:// URL, or the http(s):// URL of a service.
Without a SESSION it is __default__. What is printed is JSON, an object a line.

context-store get STORE ACCOUNT NAMESPACE [SESSION] [--property NAME]...
  Prints a session's properties, or those named; {} where there are none.
context-store set STORE ACCOUNT NAMESPACE [SESSION] JSON [--ttl SECONDS]
  Merges an object of properties into a session; - for one that comes in.
context-store rm STORE ACCOUNT NAMESPACE SESSION [--property NAME]...
context-store rm STORE ACCOUNT NAMESPACE --all
  Removes properties, a session, or a namespace with all its sessions.
context-store ls STORE [ACCOUNT [NAMESPACE]]
  Lists accounts, an account's namespaces, a namespace's sessions.
context-store export STORE [ACCOUNT [NAMESPACE]]
  Prints namespaces and sessions with their properties, for import.
context-store import STORE [FILE]
  Merges what export printed, from a file or what comes in; may be run again.

  --key KEY              the key of a service (CONTEXT_STORE_KEY in the environment, else "any")

  --help                 print this
  --version              print the version

Exit codes: 0 when done, or after SIGINT or SIGTERM for serve; 1 where it fails; 2 for a command that cannot be.`
