#!/bin/sh
# Everything that can be checked without running a test; goes on after a fault, so that one run shows them all.
set -u
cd "$(dirname "$0")/.."
export DEMO_MODE=1
faults=""

step() {
    name=$1
    shift
    printf '%-14s' "$name"
    if output=$("$@" 2>&1); then
        echo "ok"
    else
        echo "FAULT"
        printf '%s\n' "$output" | sed 's/^/    /'
        faults="$faults $name"
    fi
}

step lint ruff check .
step format ruff format --check .
step layers lint-imports
step types mypy
step templates djlint --quiet --lint project stakeholders monitoring measures workflows
step spelling codespell
step django python manage.py check --fail-level WARNING
step migrations python manage.py makemigrations --check --dry-run
step messages python manage.py checkmessages
generated=$(grep -rl --include='*.md' '\[\[\[cog' docs README.md 2>/dev/null)
if [ -n "$generated" ]; then
    # shellcheck disable=SC2086  one argument a file
    step documents cog --check $generated
fi

if [ -n "$faults" ]; then
    echo "Faults in:$faults"
    exit 1
fi
echo "All checks passed."
