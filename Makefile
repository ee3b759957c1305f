# `make` alone lists what can be made.
.DEFAULT_GOAL := help
SHELL := bash
PORT ?= 8000
# The one place of the version is pyproject.toml: wheel, image, `vestibule --version` and the schema take it from there.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --no-sync
# What is measured beside others installs them by uv, too, which may be the one that was fetched into this folder.
export PATH := $(PATH):$(CURDIR)/.uv/bin
# Three at once on two cores: a test that waits for a process, a page or a server leaves its core to another.
PYTEST := $(RUN) python -m pytest -n 3 --dist worksteal
# Behind a proxy with a certificate of its own: uv trusts what this machine trusts, as git and pip do.
UV_SYSTEM_CERTS ?= true
# Bytecode is compiled when it is installed, and written where a run changes it, also where the environment forbids Python
# to write any (containers do): a process that finds none compiles Django, Celery and ours anew, for seconds of CPU.
UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE
export PORT UV_SYSTEM_CERTS UV_COMPILE_BYTECODE

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# Most of what a sign-up costs is its password hash; the wheel's Argon2 is built for any machine, and takes twice as long
# as the same source built for this one. The mark says so to `vestibule doctor`.
ARGON2_FLAGS := -O3 -march=native
ARGON2_INFO := .venv/lib/python*/site-packages/argon2_cffi_bindings-*.dist-info

install: sync ## what `make bench` and a server want: Argon2 built for this machine, where there is a compiler
	@if ! command -v cc >/dev/null; then echo "no C compiler: the wheel's Argon2 stays, which takes twice as long a hash"; \
	elif ! ls $(ARGON2_INFO)/vestibule-build.txt >/dev/null 2>&1; then \
	  CFLAGS="$(ARGON2_FLAGS)" $(UV) sync --quiet --inexact --no-cache \
	    --no-binary-package argon2-cffi-bindings --reinstall-package argon2-cffi-bindings \
	  && for info in $(ARGON2_INFO); do echo "$(ARGON2_FLAGS)" > $$info/vestibule-build.txt; done; fi

serve: ## run the service on http://localhost:8000 (PORT=…), nothing configured
	@scripts/with_progress.sh "Installing the service into this folder" $(MAKE) --no-print-directory installed
	@$(RUN) vestibule serve

installed: uv
	@$(UV) sync --quiet --no-dev

test: install chromium servers ## the whole suite, on SQLite and on PostgreSQL + Redis + Celery + SMTP
	$(PYTEST)
	STACK=production $(PYTEST)

check: sync ## lint, types, layers, migrations and schema in step
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) lint-imports
	$(MAKE) --no-print-directory audit
	$(RUN) vestibule django makemigrations --check --dry-run
	$(RUN) vestibule django spectacular --validate --fail-on-warn | diff docs/openapi.yaml - || (echo "run: make schema"; false)

schema: sync ## write docs/openapi.yaml anew
	$(RUN) vestibule django spectacular --validate --fail-on-warn --file docs/openapi.yaml

golden: sync ## write tests/architecture/golden/names.txt anew: every name that others rely on
	REWRITE_GOLDEN=1 $(UV) run --no-sync python -m pytest -q tests/architecture/test_golden_names.py

messages: sync ## bring the catalogues of all languages in step with the source, and compile those that are complete
	@$(RUN) python -W ignore -m scripts.messages

picture: sync chromium ## draw docs/pages.png anew: the pages of a sign-up, for the README
	@$(UV) run --no-sync python -W ignore -m tests.picture

gallery: sync chromium ## draw dist/gallery/: contact sheets of every page and mail in light, dark, on a phone, in German and Arabic
	@$(UV) run --no-sync python -W ignore -m tests.contact_sheets

attacks: sync ## write docs/attacks.md anew: which test shows which attack
	$(RUN) python -m tests.attacks

fmt: sync ## format and fix what can be fixed
	$(RUN) ruff check --fix
	$(RUN) ruff format

stack: sync servers ## the production shape on this machine: PostgreSQL, Redis, two web hosts behind HAProxy, Celery worker and beat
	$(RUN) python -m tests.stack

bench: install ## measure: every scenario at concurrency 1, 8 and 32 in the production shape, beside its limit lines
	$(RUN) python -m bench

bench-calls: sync ## measure: CPU, calls of functions and statements of one request, whatever else the machine does
	@$(RUN) python -W ignore -m bench.calls

bench-openid: sync ## measure: CPU and statements of a sign-in at an application, beside django-oauth-toolkit
	@$(RUN) python -W ignore -m bench.openid

bench-peers: install ## measure: CPU of each request beside djoser and django-allauth, by turns in one run; what holds are the ratios
	@$(RUN) python -W ignore -m bench.peers

bench-size: install ## measure: what a request costs among 10,000 people and among 5,000,000 (half an hour, 12 GB of disk)
	$(RUN) python -m bench.size

bench-purge: sync ## measure: 100,000 unproved users purged beside live sign-ups
	$(RUN) python -m bench.purge

bench-start: sync ## measure: CPU of a start, of each command and to the first answer; memory idle and after load
	@$(RUN) python -W ignore -m bench.start

bench-storm: sync ## measure: sign-ins at concurrency 64 beside me and health (STACK=production for two processes)
	$(RUN) python -m bench.storm

bench-timing: sync ## measure: whether the time of an answer tells one kind of account from another
	$(RUN) python -m bench.timing

page-weight: sync chromium ## measure: requests and bytes of each page that people meet first, in a browser that has nothing yet
	@$(RUN) python -W ignore -m bench.pages

measures: sync ## the structure in numbers: names, sizes, cycles, `Any`, calls and moves of one sign-up
	@$(UV) run --no-sync python -W ignore -m bench.structure

mutants: install servers ## measure: break each defence once, and see a test notice
	@$(RUN) python -m tests.mutants

clean: ## remove what was installed, built and kept (the database in var/ too)
	rm -rf .uv .venv .venv-lowest dist var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

uv:
	@$(UV) --version >/dev/null 2>&1 || python3 scripts/get_uv.py .uv

sync: uv
	@$(UV) sync --quiet
	@$(RUN) python -m compileall -q src

# Debian's build without windows: a page costs a third of the CPU that it costs in the whole browser, which does as well.
chromium:
	@if [ -n "$$CHROMIUM" ] || command -v chromium-headless-shell >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq chromium-headless-shell >/dev/null && exit 0; fi; \
	command -v chromium >/dev/null && exit 0; \
	echo "!!! No Chromium (set CHROMIUM=/path or install it): THE BROWSER TESTS DO NOT RUN !!!"; \
	[ "$$CI" != true ]

# What the tests of several machines need and no wheel holds (its Redis has no TLS); their services are not started.
servers:
	@export PATH="$$PATH:/usr/sbin"; missing=; \
	for each in haproxy nginx pgbouncer redis-server; do command -v $$each >/dev/null || missing="$$missing $$each"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $$missing >/dev/null && exit 0; fi; \
	echo "!!! No$$missing: THE TESTS OF SEVERAL MACHINES DO NOT ALL RUN !!!"; \
	[ "$$CI" != true ]

wheel: uv ## dist/vestibule-VERSION-py3-none-any.whl, for pip, pipx and uvx
	@$(UV) build --quiet --wheel --out-dir dist
	@ls dist/vestibule-$(VERSION)-*.whl

image: ## as root, with buildah: the image of the Dockerfile, tagged with the version, and a first account in it
	tests/image.sh $(VERSION)

fresh: ## as root: pip install, make serve and make test on a bare Debian 12 in a chroot (debootstrap), with their minutes
	tests/fresh_machine.sh

lowest: uv ## tests on the lowest versions of dependencies that pyproject.toml allows, in an environment of their own
	@$(UV) venv --quiet --clear .venv-lowest
	@$(UV) pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable . --group dev
	.venv-lowest/bin/python -m pytest -n 2 --dist worksteal tests/domain tests/contracts tests/stories tests/architecture

audit: uv ## dist/sbom.cdx.json (CycloneDX), and, where the network lets us, known vulnerabilities of what it names
	@mkdir -p dist
	@$(UV) export --quiet --frozen --no-dev --all-extras --format cyclonedx1.5 --output-file dist/sbom.cdx.json >/dev/null
	@if told=$$($(UV) audit --frozen 2>&1); then echo "no known vulnerability"; \
	elif grep -qE 'GHSA-|CVE-|PYSEC-' <<<"$$told"; then echo "$$told"; false; \
	else echo "!!! api.osv.dev is out of reach: KNOWN VULNERABILITIES WERE NOT LOOKED UP !!!"; fi

.PHONY: help install serve installed wheel image test lowest fresh check audit schema golden messages picture gallery attacks fmt stack bench bench-calls bench-openid bench-peers bench-size bench-purge bench-start bench-storm bench-timing page-weight measures mutants clean uv sync chromium servers
