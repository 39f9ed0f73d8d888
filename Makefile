# Every target sets itself up: Python 3.11 or later, make, git and a C compiler are enough.
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
# What is installed beside the program itself, as uv names it (`make setup EXTRAS=--all-extras`);
# what was asked for last stays until something else is.
EXTRAS ?= $(shell cat .venv/.extras 2>/dev/null)
PACKS := $(patsubst rules/%/pack.yaml,%,$(wildcard rules/*/pack.yaml))

.PHONY: demo serve pictures test test-all crash fuzz lint types docs policies check schemas golden fixtures bench differential sbom requirements setup clean

DEMO := fixtures/ledgers/office-2007.xlsx --roster fixtures/rosters/roster-2007.csv \
	--as-of 2007-12-31 --fail-on never
MARKED := out/office-2007-marked.xlsx
PAGE := out/office-2007.html

## demo: audit the shipped ledger of a made-up office, and mark it
demo: setup
	@$(BIN)/zhuanjie audit $(DEMO)
	@mkdir -p out
	@$(BIN)/zhuanjie audit $(DEMO) -q -o $(MARKED)
	@$(BIN)/zhuanjie audit $(DEMO) -q -o $(PAGE)
	@echo; echo "the ledger itself, marked: $(MARKED)"; echo "a report to read: $(PAGE)"

## serve: a register with made-up members and one user of each role; their passwords are shown
PORT ?= 8740
serve: setup
	@mkdir -p out
	@$(BIN)/python fixtures/register.py out/register
	@$(BIN)/zhuanjie serve --database sqlite:///$(CURDIR)/out/register/register.db --port $(PORT)

## pictures: what the README shows (Chromium, LibreOffice Calc, poppler-utils and fonts-noto-cjk)
pictures: demo
	$(BIN)/python docs/pictures/make.py $(MARKED) $(PAGE)
	$(BIN)/python docs/pictures/register_pages.py

## test: all but Spark, PostgreSQL and what is slow, in a few minutes
test: setup
	ZHUANJIE_EXAMPLES=1/4 $(BIN)/pytest -n auto -m 'not slow and not engine(name="spark") and not engine(name="postgresql")'

## test-all: every test
test-all: setup
	$(BIN)/pytest -n auto

## crash: watch, audit and the register killed, refused writes and cut off from power, so many times of each kind
CRASHES ?= 2000
crash: setup
	ZHUANJIE_CRASHES=$(CRASHES) $(BIN)/pytest -n 2 tests/crash

## check: all that CI checks
check: lint types docs policies test-all

## fuzz: broken inputs of every kind for an hour (SECONDS=, SEED=, KINDS="xlsx pack"); what is found
## is made small and kept in tests/fuzz/corpus/found
SECONDS ?= 3600
SEED ?= $(shell date +%Y%m%d)
fuzz: setup
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS) --seed $(SEED) $(KINDS:%=--kind %)

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy -p zhuanjie

docs: setup
	$(BIN)/pytest -q tests/arch

## policies: what a policy author's CI checks, on the packs that come with the program
policies: setup
	@for pack in $(PACKS); do \
		echo "$$pack" && \
		$(BIN)/zhuanjie policy lint $$pack && \
		$(BIN)/zhuanjie policy test $$pack --backend all && \
		$(BIN)/zhuanjie policy coverage $$pack --fail-under 100 && \
		$(BIN)/zhuanjie policy mutate $$pack && \
		$(BIN)/zhuanjie policy verify $$pack >/dev/null || exit 1; \
	done

## differential: ten million random outcomes, every engine beside the reference
SEED ?= $(shell date -u +%F)
OUTCOMES ?= 10000000
differential: setup
	cd tests && ../$(BIN)/python -m scale --seed "$(SEED)" --outcomes $(OUTCOMES)

## sbom: what the program is made of, with licences, as CycloneDX: out/sbom.json
SBOM_EXTRAS ?= --extra all
sbom: $(UV)
	@mkdir -p out
	UV_PROJECT_ENVIRONMENT=.venv-sbom $(UV) sync --quiet --locked --no-default-groups $(SBOM_EXTRAS) \
		--python $(PYTHON)
	UV_PROJECT_ENVIRONMENT=.venv-sbom-tool $(UV) sync --quiet --locked --only-group sbom \
		--python $(PYTHON)
	.venv-sbom-tool/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file out/sbom.json .venv-sbom/bin/python
	@echo "out/sbom.json"

## requirements: what CI installs, with hashes, from the lock file
requirements: $(UV)
	@for extra in plain authoring; do \
		with=$$(test $$extra = plain || echo --extra $$extra); \
		$(UV) export --quiet --locked --no-default-groups --no-emit-project --no-annotate \
			--no-header $$with -o requirements/$$extra.txt > /dev/null || exit 1; \
	done
	@$(UV) export --quiet --locked --only-group build --no-annotate --no-header \
		-o requirements/build.txt > /dev/null

## bench: how fast, beside other engines; writes docs/benchmarks.md. A run takes two hours, half of which is bench/years.py.
BENCH_DATA ?= out/bench
bench: $(UV)
	UV_PROJECT_ENVIRONMENT=.venv-bench $(UV) sync --quiet --locked --group bench --extra spark \
		--compile-bytecode --python $(PYTHON)
	.venv-bench/bin/python bench/one_record.py
	.venv-bench/bin/python bench/gate.py
	.venv-bench/bin/python bench/bulk.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/texts.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/peers.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/scaling.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/workbooks.py
	.venv-bench/bin/python bench/spark.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/watch.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/postgresql.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/register.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/register.py --data $(BENCH_DATA) --server
	.venv-bench/bin/python bench/years.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/pages.py --data $(BENCH_DATA)
	.venv-bench/bin/python bench/pages.py --data $(BENCH_DATA) --server

fixtures: setup
	$(BIN)/python fixtures/make.py
	$(BIN)/python fixtures/permits/make.py

schemas: setup
	$(BIN)/zhuanjie policy schema --output rules/_schema
	$(BIN)/zhuanjie policy schema fixtures/permits/harbour-2024-6 --output fixtures/permits/_schema

golden: setup
	$(BIN)/pytest -q tests/golden tests/unit/test_diagnostics.py --update-golden

setup: .venv/.ready

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "zhuanjie needs Python 3.11 or later; set PYTHON=..." >&2; exit 1; }
	@echo "setting up (once): tools" >&2
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

# A change of the code needs nothing; a file that comes or goes makes the link tree anew.
.venv/.ready: $(UV) pyproject.toml setup.py uv.lock $(shell test "$$(cat .venv/.extras 2>/dev/null)" = '$(EXTRAS)' || echo anew) $(shell find engine report synthetic web cli rules package \( -name '*.py' -o -path 'web/pages/*' -type f \) -newer .venv/.ready 2>/dev/null | head -1)
	@echo "setting up (once): packages" >&2
	@$(UV) sync --quiet --locked --compile-bytecode --python $(PYTHON) $(EXTRAS)
	@echo '$(EXTRAS)' > .venv/.extras
	@$(BIN)/python -c 'import compileall, zhuanjie; [compileall.compile_dir(p, quiet=1) for p in zhuanjie.__path__]'
	@touch $@

# Other extras than those installed: set up once more.
.PHONY: anew
anew:

clean:
	rm -rf .venv .venv-sbom .venv-sbom-tool .tools build dist *.egg-info
