#!/usr/bin/env bash
# Write every generated page of docs/ again; with --check write nothing, and end with 1 when a page is stale.
# A page that something else generates is one more line here. Whoever resolves a merge runs this instead of reading it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
code=0
for page in generator.rules generator.pictures generator.costs reference; do
  .venv/bin/python -m "${page}" "$@" || code=1
done
exit "${code}"
