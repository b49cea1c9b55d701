# What a person does with Dialtone; `make help` lists it. Every target sets up what it needs by itself.

# Lambda runs 3.13; development runs on whichever of these is here.
CANDIDATES := python3.13 python3.12 python3.11 python3
PYTHON ?= $(firstword $(foreach name,$(CANDIDATES),$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)))
# `sam build` asks the runtime's own version for its libraries; a pyenv may have it without offering it.
PYTHON_OF_LAMBDA ?= $(firstword $(foreach path,python3.13 $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13),$(shell \
	$(path) -c 'import sys; print(sys.executable)' 2>/dev/null)))

VENV ?= .venv
SAM := .sam/bin/sam
UV_VERSION := 0.13.9
UV := .cache/uv/bin/uv
PIP_OPTIONS := --quiet --disable-pip-version-check --no-input

ARCH ?= arm64
ENV ?= dev
BUILD ?= .aws-sam/build
# Which function make build packs, all of them without a name.
FUNCTION ?=
PARAMETERS ?=
# A project of one's own, which `dialtone new` makes: make deploy PROJECT=../my-line ENV=prod. Without it, the samples.
PROJECT ?=
# A package that make package made: make deploy PACKAGE=… then packs nothing.
PACKAGE ?=
# The role by which CloudFormation makes the stack, where the deployer may not do so itself: infra/deploy_role.yaml makes it.
STACK_ROLE ?=
# How callers come to a new version: a tenth of them first, watched, or all at once: make deploy ENV=prod ROLLOUT=all-at-once
ROLLOUT ?= $(if $(filter prod,$(ENV)),canary,all-at-once)
TESTS ?= tests
# Tests run on all processors, those of a file on one: they share what its fixtures start, a whole stack for one.
WORKERS ?= auto
# Of all branches, in percent; less fails.
LEAST_COVERAGE := 95
# How many cases of each test are run: all, or every 10th. What a sample takes, all of them take.
EVERY ?= 1
# make test BESIDES=20 leaves out what make coverage EVERY=20 runs: together they run each case once.
BESIDES ?=
# The seed of what tests and drills draw by chance. Without one, make test draws what it always draws, and make drill
# something new.
SEED ?=
# How long a drill takes, and which parts it has: make drill MINUTES=60 ONLY=crash,faults.
MINUTES ?= 10
ONLY ?=
SEEDED = $(if $(SEED),--hypothesis-seed=$(SEED))
UPGRADE ?=
# Requests of each operation that make check-api sends, and to which stack of this machine: the address of the control
# API that dialtone up shows, or `new` for one that is started for it. Without one, to the API in one process.
EXAMPLES ?= 50
STACK ?=
# Everything that is locked, each `.in` in a `.txt` with hashes.
LOCKED := functions/requirements requirements-dev infra/packing/sam-requirements infra/packing/runtime-requirements infra/checks/audit-requirements infra/checks/checkov-requirements infra/checks/workflow-requirements infra/checks/schemathesis-requirements tests/benchmarks/plain-requirements
# make audit UNREACHABLE=allowed passes where no advisory service can be asked, and says so.
UNREACHABLE ?=

export SAM_CLI_TELEMETRY := 0
# Functions that are built alike get one folder, where SAM would fill eleven with copies.
export SAM_CLI_BETA_BUILD_PERFORMANCE := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test coverage drill bench dashboards lint audit checkov build package unpacked deploy smoke-call verify-on-aws rollback uninstall check-sam packed-functions packed-again packed-for-the-other-processor check-api lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1@/p' $(MAKEFILE_LIST) | awk -F@ '{printf "make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/project ## install what development needs into .venv

demo: $(VENV)/project ## play phone calls through the real code, on this machine
	@$(VENV)/bin/dialtone demo

PYTEST = $(VENV)/bin/pytest -n $(WORKERS) --dist loadfile $(SEEDED)

test: $(VENV)/project ## run the tests
	@$(PYTEST) $(if $(BESIDES),--besides $(BESIDES)) $(TESTS)

# Of the tests that run functions/ in their own process, without those that say no_cover: measuring doubles what they take, so
# that make test leaves it out.
coverage: $(VENV)/project ## measure which branches of functions/ the tests take, and fail under 95 %
	@$(PYTEST) --every $(EVERY) -m 'not no_cover' --cov --cov-report=term --cov-fail-under=$(LEAST_COVERAGE) $(or $(filter-out tests,$(TESTS)),tests/unit tests/integration tests/simulation)

drill: $(VENV)/project ## break whatever can break, for as long as MINUTES says, and hold every promise to it
	@$(VENV)/bin/python -m tests.drills --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

BENCH ?=
bench: ARCH := $(subst aarch64,arm64,$(shell uname -m))
bench: build .cache/lambda-runtime/installed .cache/plain-libraries/installed ## measure speed and cost, write docs/bench; BENCH='--quick' or a name
	@PACKED=$(abspath $(BUILD)) LAMBDA_PYTHON=$(PYTHON_OF_LAMBDA) LAMBDA_RUNTIME=$(abspath .cache/lambda-runtime) \
		PLAIN_LIBRARIES=$(abspath .cache/plain-libraries) $(VENV)/bin/dialtone bench $(BENCH)

dashboards: $(VENV)/project ## draw both dashboards from a simulated afternoon, into docs/dashboards
	@$(VENV)/bin/python -m tests.dashboards

lint: $(VENV)/project .cache/workflow/installed ## check format, style, types, templates, flows and the workflow
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy functions infra tests
	@$(VENV)/bin/cfn-lint template.yaml infra/*.yaml infra/event_consumer/*.yaml
	@$(VENV)/bin/dialtone flow lint functions/flows
	@.cache/workflow/bin/zizmor --offline --no-progress --quiet .github/workflows

audit: $(VENV)/project .cache/audit/installed ## look for known vulnerabilities in what is locked
	@$(VENV)/bin/python -m infra.checks.audit $(if $(filter allowed,$(UNREACHABLE)),--allow-unreachable) \
		--pip-audit .cache/audit/bin/pip-audit $(addsuffix .txt,$(LOCKED))

checkov: $(VENV)/project .cache/checkov/installed ## look for what is insecure in the templates; what is meant to be so has a reason
	@$(VENV)/bin/python -m infra.checks.templates --checkov .cache/checkov/bin/checkov template.yaml infra/*.yaml

build: $(SAM) $(VENV)/project ## pack the functions for AWS: make build ARCH=arm64|x86_64
	@case "$(ARCH)" in arm64 | x86_64) ;; *) \
		echo "ARCH is \"$(ARCH)\": say ARCH=arm64 or ARCH=x86_64." >&2; exit 2;; esac
	@test -n "$(PYTHON_OF_LAMBDA)" || { \
		echo "Packing for AWS needs Python 3.13, the functions' runtime; neither PATH nor ~/.pyenv/versions has it." >&2; \
		echo "Install it (pyenv install 3.13), or say where: make build PYTHON_OF_LAMBDA=/path/to/python3.13" >&2; exit 1; }
	@$(VENV)/bin/dialtone flow lint functions/flows
	@PATH="$(dir $(PYTHON_OF_LAMBDA)):$$PATH" $(SAM) build $(FUNCTION) --build-dir $(BUILD) --parameter-overrides Architecture=$(ARCH)
	@$(VENV)/bin/python -m infra.packing.lean_sdk > $(BUILD)/lean_sdk.json
	@PYTHONHASHSEED=0 $(PYTHON_OF_LAMBDA) -s -P -B infra/packing/pack.py $(BUILD) $(BUILD)/lean_sdk.json > $(BUILD)/packed.txt
	@echo $(ARCH) > $(BUILD)/architecture
	@cat $(BUILD)/packed.txt

package: build ## pack once for every environment: make package PACKAGE=dialtone.tar.gz, then make deploy PACKAGE=dialtone.tar.gz
	@test -n "$(PACKAGE)" || { echo "Say which file: make package PACKAGE=dialtone.tar.gz" >&2; exit 2; }
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C $(BUILD) -c . | gzip -n > "$(PACKAGE)"

unpacked: $(SAM) $(VENV)/project
	@rm -rf .aws-sam/package && mkdir -p .aws-sam/package && tar -xzf "$(PACKAGE)" -C .aws-sam/package

ifneq ($(PROJECT),)
deploy: $(SAM) $(VENV)/project
	@test -z "$(PARAMETERS)" || { echo "Write the parameters into $(PROJECT)/dialtone.toml: they stay there." >&2; exit 2; }
	@PATH="$(if $(PYTHON_OF_LAMBDA),$(dir $(PYTHON_OF_LAMBDA)):)$$PATH" $(VENV)/bin/dialtone deploy $(ENV) --project "$(PROJECT)" \
		$(if $(filter command line environment,$(origin ROLLOUT)),--rollout $(ROLLOUT))
else
# Before minutes of packing, not after.
ifneq ($(filter deploy,$(MAKECMDGOALS)),)
ifeq ($(filter $(ENV),dev prod),)
$(error ENV is "$(ENV)": say ENV=dev or ENV=prod; samconfig.toml has them)
endif
endif
DEPLOYED := $(if $(PACKAGE),.aws-sam/package,$(BUILD))
deploy: $(if $(PACKAGE),unpacked,build) ## put the stack on AWS: make deploy PROJECT=../my-line ENV=dev|prod; or the samples: PARAMETERS='TelnyxPublicKey=…'
	@[ "$(ROLLOUT)" != canary ] || $(VENV)/bin/python -m infra.operations.releases before dialtone-$(ENV)
	@$(SAM) deploy --config-env $(ENV) --template-file $(DEPLOYED)/template.yaml $(if $(YES),--no-confirm-changeset) \
		$(if $(STACK_ROLE),--role-arn $(STACK_ROLE)) \
		--parameter-overrides Architecture=$$(cat $(DEPLOYED)/architecture) Rollout=$(ROLLOUT) $(PARAMETERS) || { \
		$(VENV)/bin/python -m infra.operations.releases why dialtone-$(ENV); \
		echo "Not deployed. Was the new version taken back? docs/operations.md, Upgrade, says why that is and what to do." >&2; \
		echo "Is it the first time? Then it needs your Telnyx public key, which \`dialtone secret\` shows:" >&2; \
		echo "  make deploy ENV=$(ENV) PARAMETERS='TelnyxPublicKey=…'" >&2; \
		echo "and AWS credentials: \`aws configure\`, or AWS_PROFILE set to the profile to use." >&2; exit 1; }
	@$(VENV)/bin/python -m infra.operations.releases after dialtone-$(ENV) $(if $(filter prod,$(ENV)),--protect)
endif

# YES=1 for scripts; DRY_RUN=1 only shows it.
ASKED = $(if $(YES),--yes) $(if $(DRY_RUN),--dry-run)
YES ?=
DRY_RUN ?=
UNDO ?=

smoke-call: $(VENV)/project ## play a synthetic call through the stack that was deployed: make smoke-call ENV=dev|prod
	@$(VENV)/bin/python -m infra.operations.smoke_call dialtone-$(ENV)

verify-on-aws: $(VENV)/project ## look with you at what only a real account can show: make verify-on-aws ENV=dev
	@$(VENV)/bin/python -m infra.verify_on_aws dialtone-$(ENV)

rollback: $(VENV)/project ## let the version before take webhooks again: make rollback ENV=dev|prod, UNDO=1 goes forth again
	@$(VENV)/bin/dialtone rollback-code --stack dialtone-$(ENV) $(if $(UNDO),--undo) $(ASKED)

uninstall: $(VENV)/project ## delete the stack, after showing what would be lost with it: make uninstall ENV=dev|prod
	@$(VENV)/bin/dialtone uninstall --stack dialtone-$(ENV) $(ASKED)

# For this machine's processor, so that what was packed can be started here; for the other one, so that it can be deployed.
# All functions are packed from the same sources and libraries: one of them shows whether that is reproducible.
check-sam: ARCH := $(subst aarch64,arm64,$(shell uname -m))
check-sam: $(SAM) build .cache/lambda-runtime/installed ## check the template as SAM sees it, and each function as packed
	@$(MAKE) --no-print-directory --jobs 2 --output-sync ARCH=$(ARCH) packed-functions packed-again packed-for-the-other-processor
	@$(SAM) validate --lint

packed-functions:
	@PACKED=$(abspath $(BUILD)) LAMBDA_PYTHON=$(PYTHON_OF_LAMBDA) LAMBDA_RUNTIME=$(abspath .cache/lambda-runtime) \
		$(VENV)/bin/pytest -q tests/packed

# Each in a folder of its own, since SAM keeps notes beside what it builds.
packed-again:
	@$(MAKE) --no-print-directory build FUNCTION=WebhookFunction BUILD=.aws-sam/again/build
	@grep -qF "$$(sed 's/.* sha256 //' .aws-sam/again/build/packed.txt)" $(BUILD)/packed.txt || { \
		echo "Packed twice from the same sources, the functions differ." >&2; exit 1; }

packed-for-the-other-processor:
	@$(MAKE) --no-print-directory build FUNCTION=WebhookFunction ARCH=$(if $(filter arm64,$(ARCH)),x86_64,arm64) BUILD=.aws-sam/other/build

check-api: $(VENV)/project .cache/schemathesis/installed ## check the control API against its description: make check-api STACK=new EXAMPLES=200
	@$(VENV)/bin/python -m tests.api_check --schemathesis .cache/schemathesis/bin/schemathesis --examples $(EXAMPLES) \
		$(if $(SEED),--seed $(SEED)) $(if $(STACK),--stack $(STACK))

lock: $(UV) ## lock every requirement again: make lock UPGRADE=--upgrade takes newer versions
	@for name in $(LOCKED); do \
		echo "locking $$name.txt"; \
		UV_PYTHON_DOWNLOADS=never $(UV) pip compile -q --universal --generate-hashes --no-header --no-emit-index-url \
			--python-version 3.11 $(UPGRADE) $$name.in -o $$name.txt || exit; \
	done

clean: ## remove everything that the other targets made
	rm -rf .venv .sam .cache .aws-sam .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The programs of an environment name the folder that it was made in: a checkout that was moved makes its own anew.
define made_elsewhere
$(if $(wildcard $(1)),$(shell head -n 3 $(1) | grep -qF -e "$(abspath $(dir $(1)))/" -e "$(realpath $(dir $(1)))/" || echo $(2)))
endef
MOVED := $(call made_elsewhere,$(VENV)/bin/dialtone,$(VENV)/installed $(VENV)/project) $(call made_elsewhere,$(SAM),.sam/installed)
ifneq ($(strip $(MOVED)),)
$(shell rm -f $(MOVED))
endif

# The stamps. An environment is made anew when its lock file changes, and again if making it was interrupted; the lock
# names everything with its hash, so pip has nothing to resolve.
$(VENV)/installed: requirements-dev.txt
	$(call environment,$(VENV))
	@echo "Setting up $(VENV) with $(PYTHON); this is done once and takes a minute."
	@$(VENV)/bin/pip install $(PIP_OPTIONS) --no-deps --require-hashes -r $< || $(NOT_INSTALLED)
	@touch $@

$(VENV)/project: $(VENV)/installed pyproject.toml
	@$(VENV)/bin/pip install $(PIP_OPTIONS) --no-deps --no-build-isolation -e . || $(NOT_INSTALLED)
	@touch $@

.sam/installed: infra/packing/sam-requirements.txt
	$(call environment,.sam)
	@echo "Setting up .sam with AWS SAM CLI; this is done once and takes a minute."
	@.sam/bin/pip install $(PIP_OPTIONS) --no-deps --require-hashes -r $< || $(NOT_INSTALLED)
	@touch $@

.cache/audit/installed: infra/checks/audit-requirements.txt
	$(call environment,.cache/audit)
	@.cache/audit/bin/pip install $(PIP_OPTIONS) --no-deps --require-hashes -r $< || $(NOT_INSTALLED)
	@touch $@

.cache/workflow/installed: infra/checks/workflow-requirements.txt
	$(call environment,.cache/workflow)
	@.cache/workflow/bin/pip install $(PIP_OPTIONS) --no-deps --require-hashes -r $< || $(NOT_INSTALLED)
	@touch $@

.cache/schemathesis/installed: infra/checks/schemathesis-requirements.txt
	$(call environment,.cache/schemathesis)
	@.cache/schemathesis/bin/pip install $(PIP_OPTIONS) --no-deps --require-hashes -r $< || $(NOT_INSTALLED)
	@touch $@

.cache/checkov/installed: infra/checks/checkov-requirements.txt
	$(call environment,.cache/checkov)
	@.cache/checkov/bin/pip install $(PIP_OPTIONS) --no-deps --require-hashes -r $< || $(NOT_INSTALLED)
	@touch $@

# Lambda's own part of a function's process: its runtime client, for its version of Python.
.cache/lambda-runtime/installed: infra/packing/runtime-requirements.txt
	@rm -rf $(@D)
	@$(PYTHON_OF_LAMBDA) -m pip install $(PIP_OPTIONS) --no-deps --require-hashes --target $(@D) -r $< || $(NOT_INSTALLED)
	@touch $@

# What the handlers that Dialtone is measured against run with, as plain `sam build` leaves it: without bytecode.
.cache/plain-libraries/installed: tests/benchmarks/plain-requirements.txt
	@rm -rf $(@D)
	@$(PYTHON_OF_LAMBDA) -m pip install $(PIP_OPTIONS) --no-compile --no-deps --require-hashes --target $(@D) -r $< || $(NOT_INSTALLED)
	@touch $@

$(SAM): .sam/installed

$(UV): Makefile
	$(call environment,.cache/uv)
	@.cache/uv/bin/pip install $(PIP_OPTIONS) uv==$(UV_VERSION) || $(NOT_INSTALLED)
	@touch $@

NOT_INSTALLED = { \
	echo "Not installed: what pip says stands above. Without a network, or behind a proxy, set PIP_INDEX_URL or HTTPS_PROXY;" >&2; \
	echo "the same make goes on from here." >&2; exit 1; }

define environment
	@test -n "$(PYTHON)" || { \
		echo "Dialtone needs Python 3.11 or newer; none of $(CANDIDATES) is one." >&2; \
		echo "Install one (https://www.python.org/downloads/), or say where: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "PYTHON is \"$(PYTHON)\", which is not Python 3.11 or newer." >&2; \
		echo "Leave it out, or say where one is: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(1) || { \
		echo "Python's venv module is not complete; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
endef
