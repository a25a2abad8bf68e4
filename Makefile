# Every command of the project. `make run` needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
IN_VENV := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint format migrations-check messages snapshots bench upgrade venv venv-dev

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 26

run: venv  ## start the whole service here; Ctrl-C stops it
	@exec $(IN_VENV) -m statuspage.supervisor $(ARGS)

# Tests start Python hundreds of times: what it compiled is kept.
test test-fast: export PYTHONDONTWRITEBYTECODE =

# Also with all examples of properties, of which the fast tests alone try a fifth.
test: export THOROUGH = true
test: test-fast  ## run every test
	$(IN_VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "browser or process"

# Memory where there is much of it: what a store flushes then waits for no disk.
IN_MEMORY = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 8000000 {print $$6}' \
  | grep -vxF "$$(awk '$$4 ~ /noexec/ {print $$2}' /proc/mounts)")

# Three at a time, each with servers of its own: while one waits for its database, the others go on.
test-fast: venv-dev  ## run the tests that neither start processes nor drive a browser
	TMPDIR="$(or $(IN_MEMORY),$(TMPDIR))" $(IN_VENV) -m pytest -n 3 --dist worksteal \
	  -o tmp_path_retention_policy=failed -m "not browser and not process" $(ARGS)

lint: venv-dev  ## check style, types, layers, templates and migrations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(IN_VENV) -m mypy
	$(IN_VENV) -m mypy bootstrap.py
	$(IN_VENV) -m mypy emergency.py
	$(IN_VENV) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
	find . -path ./.venv -prune -o -path '*/templates/*' -name '*.html' \
	  -exec .venv/bin/djade --target-version 5.2 --check {} +
	@$(MAKE) --no-print-directory migrations-check

format: venv-dev  ## bring code and templates into the project's style
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format .
	find . -path ./.venv -prune -o -path '*/templates/*' -name '*.html' \
	  -exec .venv/bin/djade --target-version 5.2 {} +

# No database is needed: that none answers is only worth a warning to Django.
NO_DATABASE := DEBUG=true SECRET_KEY=unused DATABASE_POOL=0 DATABASE_URL=postgresql://127.0.0.1:1/none

migrations-check: venv-dev  ## fail where a model differs from its migrations
	$(NO_DATABASE) $(IN_VENV) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

messages: venv-dev  ## collect what is to be translated into locale/, and compile it; needs gettext
	$(NO_DATABASE) $(IN_VENV) manage.py makemessages -l de -l ar -e html,txt,py --add-location file --no-wrap \
	  --no-obsolete
	$(NO_DATABASE) $(IN_VENV) manage.py compilemessages --ignore .venv --ignore var

snapshots: venv-dev  ## write the golden files anew, to be looked at with git diff
	$(IN_VENV) -m pytest --snapshot-update $(ARGS)

bench: venv-dev  ## measure, and print the figures of docs/benchmarks.md
	$(IN_VENV) -m benchmarks

upgrade: venv-dev  ## list newer versions of what the requirements pin
	@.venv/bin/uv pip list --python $(IN_VENV) --outdated | grep -iE "^($$(sed -nE \
	  's/^([A-Za-z0-9._-]+)(\[|==).*/\1/p' requirements*.txt | paste -sd '|' -))[[:space:]]" \
	  || echo "Every pin is the newest version."

venv:
	@$(PYTHON) bootstrap.py

venv-dev:
	@$(PYTHON) bootstrap.py --dev
